//! Whether a machine can do what a script says, before it is followed.

use std::time::Duration;

use skep_abi::Cpu;
use skep_sample::sched::{Occupancy, Script};
use skep_topology::Topology;

use crate::Error;

/// Refuses a script that names CPUs which the machine does not have, or has one of them come or go that cannot.
///
/// # Errors
/// The first of these, with its time.
pub(super) fn check(script: &Script, topology: &Topology) -> Result<(), Error> {
    let mut online = topology.online().clone();
    for transition in script.transitions() {
        let cpu = transition.cpu;
        let refuse = |why: String| {
            let at = Duration::from_nanos(transition.time);
            Err(Error::input(format!("the script cannot be followed at {at:?}: {why}")))
        };
        if topology.cpu(cpu).is_none() {
            let possible = topology.possible();
            return refuse(format!("the machine has no CPU {cpu}, but the CPUs {possible}"));
        }
        let is_hotplug = matches!(transition.now, Occupancy::Offline | Occupancy::Online);
        if is_hotplug && !topology.present().contains(cpu) {
            return refuse(format!("CPU {cpu} is not plugged in"));
        }
        match transition.now {
            Occupancy::Online => online.insert(cpu),
            Occupancy::Offline if cpu == Cpu(0) => {
                return refuse("CPU 0 stays online, as on x86".to_owned());
            }
            Occupancy::Offline => {
                online.remove(cpu);
                if online.is_empty() {
                    return refuse(format!("CPU {cpu} is the last one that runs"));
                }
            }
            Occupancy::Busy | Occupancy::Runs(_) if !online.contains(cpu) => {
                return refuse(format!("CPU {cpu} is offline, and cannot be busy"));
            }
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_machine_cannot_do_is_refused_with_its_time() {
        let topology = Topology::new().cores_per_node(2).smt(2).absent([3]).build().unwrap();
        let judged = |text: &str| {
            let script = Script::parse(text).unwrap();
            check(&script, &topology).map_err(|error| error.message)
        };
        let refused = |text: &str| judged(text).unwrap_err();
        judged("0s cpu 0-2 busy\n1ms cpu 1-2 offline\n2ms cpu 1 online\n2ms cpu 1 task 7\n")
            .unwrap();
        assert_eq!(
            refused("1500us cpu 4 idle\n"),
            "the script cannot be followed at 1.5ms: the machine has no CPU 4, but the CPUs 0-3"
        );
        assert!(refused("0s cpu 3 online\n").ends_with("CPU 3 is not plugged in"));
        assert!(refused("0s cpu 0-2 offline\n").ends_with("CPU 0 stays online, as on x86"));
        assert!(refused("0s cpu 3 busy\n").ends_with("CPU 3 is offline, and cannot be busy"));
        let without_0 = Topology::new().cores_per_node(3).offline([0]).build().unwrap();
        let script = Script::parse("0s cpu 1-2 offline\n").unwrap();
        let last = check(&script, &without_0).unwrap_err().message;
        assert!(last.ends_with("CPU 2 is the last one that runs"), "{last}");
    }
}
