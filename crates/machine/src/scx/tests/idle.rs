//! Which bits change when CPUs go idle, become busy, are claimed, come and go.

use skep_abi::{Addr, Cpu, Errno, Node, Pid};
use skep_topology::{Numbering, Topology, TopologyBuilder};

use super::{built, machine, mask_of, numbers};
use crate::scx::{
    ExitKind, OPS_BUILTIN_IDLE_PER_NODE, PICK_IDLE_CORE, PICK_IDLE_IN_NODE, SchedExtOps,
};
use crate::{Machine, Width};

/// Two nodes of two cores of two threads: siblings are 0 and 1, 2 and 3, …
fn two_nodes() -> TopologyBuilder {
    Topology::new().nodes(2).cores_per_node(2).smt(2).numbering(Numbering::SiblingsAdjacent)
}

fn idle(machine: &Machine, node: Option<u32>) -> (Vec<u32>, Vec<u32>) {
    let (scx, node) = (machine.sched_ext(), node.map(Node));
    (numbers(&scx.idle_cpus(node)), numbers(&scx.idle_cores(node)))
}

#[test]
fn a_core_is_idle_with_the_last_of_its_cpus_and_not_with_the_first_that_is_busy() {
    let machine = machine(two_nodes(), false);
    assert_eq!(idle(&machine, None).0, [0, 1, 2, 3, 4, 5, 6, 7]);
    machine.switch_to(Cpu(1), Pid(7));
    assert_eq!(idle(&machine, None), (vec![0, 2, 3, 4, 5, 6, 7], vec![2, 3, 4, 5, 6, 7]));
    machine.switch_to(Cpu(0), Pid(8));
    machine.switch_to(Cpu(1), Pid(0));
    assert_eq!(idle(&machine, None), (vec![1, 2, 3, 4, 5, 6, 7], vec![2, 3, 4, 5, 6, 7]));
    machine.switch_to(Cpu(0), Pid(0));
    assert_eq!(idle(&machine, None).1, [0, 1, 2, 3, 4, 5, 6, 7]);
}

#[test]
fn masks_of_nodes_have_their_own_cpus_only() {
    let machine = machine(two_nodes().offline([5]), true);
    assert_eq!(idle(&machine, Some(0)), (vec![0, 1, 2, 3], vec![0, 1, 2, 3]));
    assert_eq!(idle(&machine, Some(1)), (vec![4, 6, 7], vec![4, 6, 7]));
    machine.switch_to(Cpu(6), Pid(9));
    assert_eq!(idle(&machine, Some(1)), (vec![4, 7], vec![4]));
    assert_eq!(idle(&machine, Some(0)).0.len(), 4);
    assert_eq!(idle(&machine, None).0, [0; 0], "the masks of the machine are not kept");
    // CPU 4 alone is its core while CPU 5 does not run.
    machine.switch_to(Cpu(4), Pid(9));
    machine.switch_to(Cpu(4), Pid(0));
    assert_eq!(idle(&machine, Some(1)), (vec![4, 7], vec![4]));
}

#[test]
fn programs_read_the_masks_as_they_are() {
    let machine = machine(two_nodes(), true);
    let scx = machine.sched_ext();
    let word = |mask: Addr| machine.memory().load(mask, Width::Dw).unwrap();
    let (cpu, smt) = (scx.idle_mask(Some(Node(0))), scx.idle_core_mask(Some(Node(0))));
    assert_eq!((word(cpu), word(smt)), (0xf, 0xf));
    // As measured on 6.19: both siblings leave the mask of cores with the first that is claimed.
    assert!(scx.test_and_clear_idle(Cpu(0)));
    assert_eq!((word(cpu), word(smt)), (0xe, 0xc));
    assert!(!scx.test_and_clear_idle(Cpu(0)));
    assert!(machine.memory().store(cpu, Width::Dw, 0).is_err(), "programs cannot write them");
    let masks = [scx.none_mask(), scx.possible_mask(), scx.online_mask()].map(word);
    assert_eq!(masks, [0, 0xff, 0xff]);
    let beyond = machine.memory().load(cpu.offset(8), Width::Dw).unwrap_err().to_string();
    assert!(beyond.contains("the mask of idle CPUs of node 0"), "{beyond}");
}

#[test]
fn a_claimed_cpu_is_idle_again_once_it_goes_idle_once_more() {
    let machine = machine(two_nodes(), false);
    machine.switch_to(Cpu(0), Pid(0));
    assert!(machine.sched_ext().test_and_clear_idle(Cpu(0)));
    assert_eq!(idle(&machine, None).0[0], 1);
    machine.switch_to(Cpu(0), Pid(0));
    assert_eq!(idle(&machine, None).1[..2], [0, 1]);
}

#[test]
fn a_cpu_that_stays_busy_keeps_its_mark_until_it_was_idle() {
    let machine = Machine::builder().topology(two_nodes().build().unwrap()).build().unwrap();
    machine.switch_to(Cpu(3), Pid(7));
    machine.sched_ext().enable(SchedExtOps::new("x")).unwrap();
    machine.switch_to(Cpu(3), Pid(8));
    assert!(idle(&machine, None).0.contains(&3), "all that runs counts as idle at first");
    machine.switch_to(Cpu(3), Pid(0));
    machine.switch_to(Cpu(3), Pid(8));
    assert!(!idle(&machine, None).0.contains(&3));
}

#[test]
fn without_active_smt_cores_are_cpus() {
    for topology in [
        Topology::new().nodes(2).cores_per_node(2),
        two_nodes().smt_off(),
        Topology::new().cores_per_node(1),
    ] {
        let machine = machine(topology, true);
        let scx = machine.sched_ext();
        assert!(!scx.is_smt_active());
        let node = Some(Node(0));
        assert_eq!(scx.idle_core_mask(node), scx.idle_mask(node));
        let before = idle(&machine, Some(0)).0;
        machine.switch_to(Cpu(0), Pid(7));
        assert_eq!(idle(&machine, Some(0)).1, before[1..]);
        let all = scx.possible_mask();
        let on = Cpu(0);
        let picked = scx.pick_idle(on, all, node, PICK_IDLE_CORE).unwrap();
        assert_eq!(picked.is_some(), machine.topology().nr_cpu_ids() > 1);
    }
}

#[test]
fn what_was_measured_on_two_nodes_of_two_cores_holds() {
    let machine = machine(two_nodes(), true);
    let scx = machine.sched_ext();
    let (on, all, node) = (Cpu(0), scx.online_mask(), Some(Node(0)));
    // The cursor had gone past the node's CPUs.
    assert_eq!(scx.pick_any(on, mask_of(&machine, &[7]), None), Ok(Some(Cpu(7))));
    let pick = |flags| scx.pick_idle(on, all, node, flags).unwrap().map(|cpu| cpu.0);
    assert_eq!(pick(0), Some(0));
    assert_eq!(pick(PICK_IDLE_CORE), Some(2));
    assert_eq!(pick(PICK_IDLE_IN_NODE), Some(3));
    assert_eq!(pick(0), Some(1));
    assert_eq!(pick(PICK_IDLE_IN_NODE), None, "the node is exhausted");
    assert_eq!(pick(0), Some(4), "the search goes on to the other node");
    // With node 1 busy, its search comes to node 0.
    for cpu in 4..8 {
        machine.switch_to(Cpu(cpu), Pid(9));
    }
    machine.switch_to(Cpu(0), Pid(0));
    assert_eq!(scx.pick_idle(on, all, Some(Node(1)), 0), Ok(Some(Cpu(0))));
    assert_eq!(scx.pick_idle(on, all, Some(Node(1)), 0), Ok(None));
}

#[test]
fn nodes_are_searched_from_the_nearest_on_and_those_that_are_not_there_are_left_out() {
    let rows = [[10, 40, 20, 30], [40, 10, 20, 20], [20, 20, 10, 20], [30, 20, 20, 10]];
    let topology = Topology::new().nodes(4).cores_per_node(1).distances(rows);
    let order = |topology: TopologyBuilder, from: u32| {
        let machine = machine(topology, true);
        let scx = machine.sched_ext();
        let pick = |_| {
            scx.pick_idle(Cpu(0), scx.possible_mask(), Some(Node(from)), 0)
                .unwrap()
                .map(|cpu| cpu.0)
        };
        (0..4).filter_map(pick).collect::<Vec<_>>()
    };
    assert_eq!(order(topology.clone(), 0), [0, 2, 3, 1]);
    assert_eq!(order(topology.clone(), 1), [1, 2, 3, 0], "of equally far ones the lower first");
    assert_eq!(order(topology.offline_nodes([2]), 0), [0, 3, 1]);
}

#[test]
fn choices_inside_a_mask_go_round_on_each_cpu() {
    let machine = machine(Topology::new().cores_per_node(4), false);
    let scx = machine.sched_ext();
    let any = |on| scx.pick_any(Cpu(on), scx.online_mask(), None).unwrap().unwrap().0;
    assert_eq!([any(0), any(0), any(0), any(0), any(0)], [1, 2, 3, 0, 1], "the first leaves 0 out");
    assert_eq!([any(3), any(3)], [1, 2], "the cursor is the CPU's");
    let pick = |on| scx.pick_idle(Cpu(on), scx.online_mask(), None, 0).unwrap().unwrap().0;
    assert_eq!([pick(0), pick(0)], [2, 3], "and shared by all who choose there");
}

#[test]
fn a_cpu_that_goes_out_of_service_ends_a_scheduler_that_does_not_expect_it() {
    let machine = machine(two_nodes(), false);
    machine.set_online(Cpu(3), false).unwrap();
    let info = machine.sched_ext().exit_info().unwrap();
    assert_eq!(
        (info.kind, info.msg.as_str()),
        (ExitKind::UnregKern, "cpu 3 going offline, exiting scheduler")
    );
    assert!(!machine.sched_ext().is_loaded());
    assert_eq!(numbers(&machine.online()), [0, 1, 2, 4, 5, 6, 7]);
    machine.set_online(Cpu(3), false).unwrap();
    assert_eq!(machine.sched_ext().hotplug_seq(), 1, "it was out already");
}

#[test]
fn a_scheduler_that_expects_hotplug_goes_on_with_the_cpus_that_run() {
    let machine = built(two_nodes().build().unwrap(), false);
    let scx = machine.sched_ext();
    scx.disable();
    scx.enable(SchedExtOps::new("x").hotplug()).unwrap();
    machine.set_online(Cpu(3), false).unwrap();
    assert!(scx.ops().is_some());
    let word = machine.memory().load(scx.online_mask(), Width::Dw).unwrap();
    assert_eq!((word, numbers(&machine.online()).len()), (0xf7, 7));
    // It went idle at last, as in Linux; its core has one CPU now, and is idle again once that goes idle.
    assert_eq!(idle(&machine, None), ((0..8).collect(), vec![0, 1, 4, 5, 6, 7]));
    machine.switch_to(Cpu(2), Pid(0));
    assert_eq!(idle(&machine, None).1, [0, 1, 2, 4, 5, 6, 7]);
    // A CPU that does not run is in no core, and a claim takes it out all the same.
    assert!(scx.test_and_clear_idle(Cpu(3)) && !scx.test_and_clear_idle(Cpu(3)));
    machine.set_online(Cpu(3), true).unwrap();
    assert_eq!(idle(&machine, None).1, [0, 1, 2, 3, 4, 5, 6, 7]);
    let missing = machine.set_online(Cpu(9), true).unwrap_err();
    assert_eq!(missing.errno, Errno::EINVAL);
    assert_eq!(missing.to_string(), "CPU 9 cannot go online: it is not plugged in");
}

#[test]
fn the_first_cpu_and_the_last_that_runs_stay_online() {
    let machine = Machine::builder().cpus(2).build().unwrap();
    let first = machine.set_online(Cpu(0), false).unwrap_err();
    assert_eq!(first.errno, Errno::EPERM);
    assert!(first.to_string().starts_with("CPU 0 cannot go offline: x86 needs it"), "{first}");
    machine.set_online(Cpu(0), true).unwrap();
    let topology = Topology::new().cores_per_node(2).offline([0]).build().unwrap();
    let machine = Machine::builder().topology(topology).build().unwrap();
    let last = machine.set_online(Cpu(1), false).unwrap_err();
    assert_eq!(last.errno, Errno::EBUSY);
    assert_eq!(last.to_string(), "CPU 1 cannot go offline: it is the last one that runs");
}

#[test]
fn cpus_are_plugged_in_and_out() {
    let machine = built(two_nodes().build().unwrap(), false);
    let scx = machine.sched_ext();
    scx.disable();
    scx.enable(SchedExtOps::new("x").hotplug()).unwrap();
    let masks = || [machine.present(), machine.online()].map(|mask| numbers(&mask).len());
    machine.set_present(Cpu(3), false).unwrap();
    assert_eq!(masks(), [7, 7], "it goes offline first");
    assert_eq!(machine.set_online(Cpu(3), true).unwrap_err().errno, Errno::EINVAL);
    machine.set_present(Cpu(3), false).unwrap();
    machine.set_present(Cpu(3), true).unwrap();
    assert_eq!(masks(), [8, 7], "plugged in, it does not run yet");
    machine.set_online(Cpu(3), true).unwrap();
    machine.set_present(Cpu(3), true).unwrap();
    assert_eq!((masks(), machine.topology().possible().weight()), ([8, 8], 8));
    let never = machine.set_present(Cpu(9), true).unwrap_err();
    assert_eq!((never.errno, never.cpu), (Errno::EINVAL, Cpu(9)));
    assert_eq!(never.to_string(), "CPU 9 cannot be plugged in: it is not possible on this machine");
    let first = machine.set_present(Cpu(0), false).unwrap_err();
    assert_eq!((first.errno, masks()), (Errno::EPERM, [8, 8]));
}

#[test]
fn smt_ends_with_the_last_core_of_which_two_cpus_run() {
    let machine = built(two_nodes().build().unwrap(), false);
    let scx = machine.sched_ext();
    scx.disable();
    for cpu in [1, 3, 5] {
        machine.set_online(Cpu(cpu), false).unwrap();
        assert!(scx.is_smt_active());
    }
    machine.set_online(Cpu(7), false).unwrap();
    assert!(!scx.is_smt_active());
    scx.enable(SchedExtOps::new("x").flags(OPS_BUILTIN_IDLE_PER_NODE)).unwrap();
    assert_eq!(idle(&machine, Some(1)), (vec![4, 6], vec![4, 6]));
}
