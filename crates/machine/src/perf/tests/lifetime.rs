//! Who holds what, whichever descriptor is closed first.

use std::sync::Arc;

use super::{clock, fire, link, machine, returns, runs};
use crate::perf::Fired;
use crate::{File, Link, Machine, PerfEvent, Prog};

/// Programs, links and events that are alive.
fn alive(machine: &Machine) -> [usize; 3] {
    [machine.progs().len(), machine.links().len(), machine.perf_events().len()]
}

#[test]
fn an_event_holds_the_program_that_an_ioctl_attached() {
    let machine = machine();
    let event = clock(&machine);
    let prog = returns(&machine, 1);
    let id = prog.id();
    event.set_bpf(&File::from(&prog)).unwrap();
    drop(prog);
    assert_eq!(alive(&machine), [1, 0, 1]);
    assert_eq!(fire(&machine, &event), Fired::Delivered);
    assert_eq!(runs(&machine.prog(id).unwrap()), 1);
    drop(event);
    assert_eq!(alive(&machine), [0, 0, 0]);
    assert!(machine.prog(id).is_none());
}

/// The three descriptors of an attachment by link.
struct Open {
    event: Option<Arc<PerfEvent>>,
    prog: Option<Arc<Prog>>,
    link: Option<Arc<Link>>,
}

#[test]
fn a_link_holds_both_in_every_order_of_closing() {
    for order in ["epl", "elp", "pel", "ple", "lep", "lpe"] {
        let machine = machine();
        let (event, prog) = (clock(&machine), returns(&machine, 0));
        let link = link(&machine, &prog, &event, 0).unwrap();
        let watched = Arc::downgrade(&event);
        let mut open = Open { event: Some(event), prog: Some(prog), link: Some(link) };
        for which in order.chars() {
            match which {
                'e' => drop(open.event.take()),
                'p' => drop(open.prog.take()),
                _ => drop(open.link.take()),
            }
            let by_link = open.link.is_some();
            let expected = [
                usize::from(open.prog.is_some() || by_link),
                usize::from(by_link),
                usize::from(open.event.is_some() || by_link),
            ];
            assert_eq!(alive(&machine), expected, "{order} after {which}");
            if let Some(event) = watched.upgrade() {
                let fired = if by_link { Fired::Discarded } else { Fired::Delivered };
                assert_eq!(fire(&machine, &event), fired, "{order} after {which}");
            }
        }
    }
}

#[test]
fn an_event_takes_another_program_once_the_link_is_gone() {
    let machine = machine();
    let (event, prog) = (clock(&machine), returns(&machine, 1));
    drop(link(&machine, &prog, &event, 1).unwrap());
    assert_eq!(event.set_bpf(&File::from(&prog)), Ok(()));
    assert_eq!(alive(&machine), [1, 0, 1]);
}

#[test]
fn clones_of_a_descriptor_are_one_file() {
    let machine = machine();
    let file = File::from(&clock(&machine));
    let copy = file.clone();
    drop(file);
    assert_eq!(alive(&machine), [0, 0, 1]);
    drop(copy);
    assert_eq!(alive(&machine), [0, 0, 0]);
}
