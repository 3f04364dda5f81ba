//! The choice of a CPU for a task that wakes up.

use skep_abi::{Cpu, Pid};
use skep_topology::{Topology, TopologyBuilder};

use super::{machine, mask_of};
use crate::scx::{PICK_IDLE_CORE, WAKE_SYNC, Wakeup};
use crate::{Machine, Task};

/// Two nodes of two caches of two cores of two threads: CPUs 0 and 8 are siblings, 0, 1, 8 and 9 share a cache.
fn big() -> TopologyBuilder {
    Topology::new().nodes(2).llcs_per_node(2).cores_per_node(4).smt(2)
}

fn wakeup(machine: &Machine, prev: u32) -> Wakeup<'static> {
    let possible = machine.topology().possible();
    Wakeup {
        on: Cpu(15),
        waker: None,
        cpus: machine.sched_ext().possible_mask(),
        nr_cpus: possible.weight(),
        allowed: None,
        prev: Cpu(prev),
        wake_flags: 0,
        flags: 0,
    }
}

fn busy(machine: &Machine, cpus: &[u32]) {
    for cpu in cpus {
        machine.switch_to(Cpu(*cpu), Pid(100 + cpu));
    }
}

fn select(machine: &Machine, wakeup: &Wakeup<'_>) -> Option<u32> {
    machine.sched_ext().select_cpu(wakeup).unwrap().map(|cpu| cpu.0)
}

#[test]
fn the_last_cpu_is_best_where_its_core_is_idle_then_whole_cores_near_it_then_any() {
    let machine = machine(big(), false);
    let wakeup = wakeup(&machine, 1);
    assert_eq!(select(&machine, &wakeup), Some(1));
    // Its sibling 9 is idle still, but a whole core of the same cache is better.
    assert_eq!(select(&machine, &wakeup), Some(8), "the cursor of CPU 15 stands at 0");
    // No whole core is left in the cache; there are some in the node: cores 2 and 3.
    assert_eq!(select(&machine, &wakeup), Some(10));
    assert_eq!(select(&machine, &wakeup), Some(11));
    // None in the node, but in the machine.
    assert_eq!(select(&machine, &wakeup), Some(12));
    busy(&machine, &[4, 5, 6, 7, 13, 14, 15]);
    // No whole core anywhere: the last CPU's cache, then its node, then any.
    let rest: Vec<_> = std::iter::from_fn(|| select(&machine, &wakeup)).collect();
    assert_eq!(rest, [0, 9, 2, 3]);
}

#[test]
fn the_nodes_own_masks_are_searched_first_where_there_are_such() {
    let machine = machine(big(), true);
    let wakeup = wakeup(&machine, 4);
    busy(&machine, &[4, 12, 5, 13, 6, 14, 7]);
    assert_eq!(select(&machine, &wakeup), Some(1), "a whole core of the other node");
    busy(&machine, &[0, 8, 9, 2, 10, 3, 11]);
    assert_eq!(select(&machine, &wakeup), Some(15));
    assert_eq!(select(&machine, &wakeup), None);
}

#[test]
fn the_mask_that_is_given_and_the_tasks_own_both_bind() {
    let machine = machine(big(), false);
    let given = |allowed: &[u32]| Wakeup {
        allowed: Some(mask_of(&machine, allowed)),
        ..wakeup(&machine, 0)
    };
    assert_eq!(select(&machine, &given(&[6])), Some(6), "the last CPU is not in it");
    assert_eq!(select(&machine, &given(&[])), None);
    let own = mask_of(&machine, &[2, 3]);
    let bound = |allowed: &[u32]| Wakeup { cpus: own, nr_cpus: 2, ..given(allowed) };
    assert_eq!(select(&machine, &bound(&[3, 4])), Some(3));
    assert_eq!(select(&machine, &bound(&[4, 5])), None);
    assert_eq!(select(&machine, &Wakeup { allowed: None, ..bound(&[]) }), Some(2));
}

#[test]
fn a_task_of_one_cpu_gets_that_or_none() {
    let machine = machine(big(), false);
    let own = mask_of(&machine, &[5]);
    let pinned = Wakeup { cpus: own, nr_cpus: 1, ..wakeup(&machine, 5) };
    assert_eq!(select(&machine, &pinned), Some(5));
    assert_eq!(select(&machine, &pinned), None);
    machine.switch_to(Cpu(5), Pid(0));
    assert_eq!(select(&machine, &Wakeup { prev: Cpu(4), ..pinned }), None);
}

#[test]
fn whole_cores_alone_are_taken_on_request() {
    let machine = machine(big(), false);
    let whole = Wakeup { flags: PICK_IDLE_CORE, ..wakeup(&machine, 0) };
    for cpu in 0..8 {
        busy(&machine, &[cpu]);
    }
    assert_eq!(select(&machine, &whole), None);
    assert_eq!(select(&machine, &wakeup(&machine, 0)), Some(8));
}

#[test]
fn a_waker_that_sleeps_gives_its_cpu_where_the_machine_is_not_full() {
    let machine = machine(big(), true);
    busy(&machine, &[0, 8]);
    let waker = Task::new(Pid(9), Pid(9), "waker");
    let sync =
        Wakeup { on: Cpu(0), waker: Some(&waker), wake_flags: WAKE_SYNC, ..wakeup(&machine, 4) };
    assert_eq!(select(&machine, &sync), Some(0), "the waker's own, which is not idle");
    assert_eq!(
        select(&machine, &Wakeup { prev: Cpu(1), ..sync }),
        Some(1),
        "or the last one near it"
    );
    let mut ending = waker.clone();
    ending.is_alive = false;
    assert_eq!(select(&machine, &Wakeup { waker: Some(&ending), ..sync }), Some(4));
    busy(&machine, &[1, 9, 2, 10, 3, 11]);
    assert_eq!(select(&machine, &Wakeup { prev: Cpu(5), ..sync }), Some(5), "its node is full");
}
