//! What records tell of CPUs: `PERF_RECORD_SWITCH`, `PERF_RECORD_SWITCH_CPU_WIDE`.

use super::{Occupancy, Transition};
use crate::stream::{Record, RecordKind};

/// What a record tells of its CPU; `None` for records that are not about context switches, nor about records that were
/// lost, of switches perhaps.
///
/// A record of one thread's switches tells that it came or left, and not who came after it. One of all the CPU's
/// switches names both, so that either of the two records that the kernel writes for each switch is enough.
#[must_use]
pub fn transition(record: &Record) -> Option<Transition> {
    let now = match record.kind {
        RecordKind::Switch { tid, out: false, .. } => Occupancy::of_thread(tid),
        RecordKind::Switch { next_prev: Some((_, next)), .. } => Occupancy::of_thread(next),
        RecordKind::Switch { tid, next_prev: None, .. } => Occupancy::Left(tid),
        RecordKind::Occupancy(now) => now,
        RecordKind::Lost { .. } => Occupancy::Unknown,
        _ => return None,
    };
    Some(Transition { time: record.time, cpu: record.cpu, now })
}

#[cfg(test)]
mod tests {
    use skep_abi::{Cpu, Pid};

    use super::*;

    fn told(tid: u32, out: bool, next_prev: Option<u32>) -> Option<Occupancy> {
        let next_prev = next_prev.map(|tid| (Pid(tid), Pid(tid)));
        let (pid, tid) = (Pid(tid), Pid(tid));
        let kind = RecordKind::Switch { pid, tid, out, preempted: false, next_prev };
        transition(&Record { time: 5, cpu: Cpu(2), kind }).map(|transition| {
            assert_eq!((transition.time, transition.cpu), (5, Cpu(2)));
            transition.now
        })
    }

    #[test]
    fn both_records_of_a_cpus_switch_tell_who_runs() {
        assert_eq!(told(7, true, Some(0)), Some(Occupancy::Idle));
        assert_eq!(told(0, false, Some(7)), Some(Occupancy::Idle));
        assert_eq!(told(0, true, Some(9)), Some(Occupancy::Runs(Pid(9))));
        assert_eq!(told(9, false, Some(0)), Some(Occupancy::Runs(Pid(9))));
        assert_eq!(told(7, true, Some(9)), Some(Occupancy::Runs(Pid(9))));
    }

    #[test]
    fn a_threads_own_records_tell_of_it_alone() {
        assert_eq!(told(7, false, None), Some(Occupancy::Runs(Pid(7))));
        assert_eq!(told(7, true, None), Some(Occupancy::Left(Pid(7))));
        assert_eq!(Occupancy::Left(Pid(7)).is_idle(), None);
    }

    #[test]
    fn other_records_tell_nothing() {
        assert_eq!(transition(&Record { time: 0, cpu: Cpu(0), kind: RecordKind::Throttle }), None);
    }
}
