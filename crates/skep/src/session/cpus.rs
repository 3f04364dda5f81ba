//! What the machine's CPUs do, as records or a script tell of them, in order of time with the samples.

use skep_abi::{Cpu, Pid, Sample};
use skep_machine::Machine;
use skep_sample::Record;
use skep_sample::sched::{self, Occupancy, Script, Transition};
use skep_topology::CpuMask;

/// What the machine's CPUs do, and of which of them that is told.
#[derive(Debug, Default)]
pub(super) struct Cpus {
    source: Source,
    /// CPUs all of whose switches are told.
    followed: CpuMask,
    /// Those of them of which is known now whether they are idle.
    told: CpuMask,
    has_changed: bool,
}

/// What tells which CPUs are idle.
#[derive(Debug, Default)]
enum Source {
    /// Records of context switches, and the samples themselves: whoever is sampled runs.
    #[default]
    Records,
    /// A script, and nothing else.
    Script(Player),
}

/// A script that is followed.
#[derive(Debug)]
struct Player {
    script: Script,
    /// How many of its transitions have happened.
    done: usize,
    /// The time at which it began: that of the first record.
    start: Option<u64>,
}

impl Cpus {
    /// Has a script tell.
    pub(super) fn follow_script(&mut self, script: Script) {
        self.source = Source::Script(Player { script, done: 0, start: None });
    }

    /// Keeps track of what is known of CPUs, all of whose switches are told; at first of some of them.
    pub(super) fn keep_track(&mut self, followed: CpuMask, told: CpuMask) {
        (self.followed, self.told) = (followed, told);
    }

    /// The CPUs of which is known whether they are idle, if these are others than the last time.
    pub(super) fn newly_told(&mut self) -> Option<&CpuMask> {
        std::mem::take(&mut self.has_changed).then_some(&self.told)
    }

    /// Follows a record before anything else does.
    pub(super) fn record(&mut self, machine: &Machine, record: &Record) {
        match &mut self.source {
            Source::Records => {
                if let Some(transition) = sched::transition(record) {
                    apply(machine, &transition);
                    self.know(transition.cpu, transition.now.is_idle().is_some());
                }
            }
            Source::Script(player) => player.play(machine, record.time),
        }
    }

    /// A sample tells that its thread runs.
    pub(super) fn sample(&mut self, machine: &Machine, sample: &Sample) {
        if matches!(self.source, Source::Script(_)) {
            return;
        }
        if machine.current(sample.cpu) != Some(sample.tid) {
            machine.switch_to(sample.cpu, sample.tid);
        }
        self.know(sample.cpu, true);
    }

    fn know(&mut self, cpu: Cpu, is_known: bool) {
        if !self.followed.contains(cpu) || self.told.contains(cpu) == is_known {
            return;
        }
        match is_known {
            true => self.told.insert(cpu),
            false => self.told.remove(cpu),
        }
        self.has_changed = true;
    }
}

impl Player {
    /// Lets everything happen that has happened by now.
    fn play(&mut self, machine: &Machine, now: u64) {
        let since = now.saturating_sub(*self.start.get_or_insert(now));
        let rest = self.script.transitions().get(self.done..).unwrap_or_default();
        let due = rest.iter().take_while(|transition| transition.time <= since);
        for transition in due {
            apply(machine, transition);
            self.done += 1;
        }
    }
}

/// Lets a transition happen. CPUs that the machine does not have do nothing.
pub(super) fn apply(machine: &Machine, transition: &Transition) {
    let cpu = transition.cpu;
    match transition.now {
        Occupancy::Idle => machine.switch_to(cpu, Pid(0)),
        Occupancy::Busy => machine.set_busy(cpu),
        Occupancy::Runs(tid) => machine.switch_to(cpu, tid),
        Occupancy::Left(tid) => machine.switch_from(cpu, tid),
        // So that its core is not taken for a free one.
        Occupancy::Unknown => machine.set_busy(cpu),
        // What cannot go offline stays: whoever writes a script is told so before it is followed.
        Occupancy::Offline => drop(machine.set_online(cpu, false)),
        Occupancy::Online => drop(machine.set_online(cpu, true)),
    }
}

#[cfg(test)]
mod tests {
    use skep_machine::scx::SchedExtOps;
    use skep_sample::RecordKind;
    use skep_topology::Topology;

    use super::*;

    fn machine() -> Machine {
        let topology = Topology::new().cores_per_node(2).smt(2).build().unwrap();
        let machine = Machine::builder().topology(topology).build().unwrap();
        machine.sched_ext().enable(SchedExtOps::new("x").hotplug()).unwrap();
        machine
    }

    fn idle(machine: &Machine) -> Vec<u32> {
        machine.sched_ext().idle_cpus(None).iter().map(|cpu| cpu.0).collect()
    }

    fn at(time: u64) -> Record {
        Record { time, cpu: Cpu(0), kind: RecordKind::Throttle }
    }

    #[test]
    fn a_script_begins_with_the_first_record_and_goes_with_their_times() {
        let machine = machine();
        let text = "0s cpu 1 busy\n5ns cpu 0 task 7\n9ns cpu 1 idle\n9ns cpu 3 offline\n";
        let mut source = Cpus::default();
        source.follow_script(Script::parse(text).unwrap());
        source.record(&machine, &at(1000));
        assert_eq!((idle(&machine), machine.current(Cpu(0))), (vec![0, 2, 3], None));
        source.record(&machine, &at(1004));
        assert_eq!(idle(&machine), [0, 2, 3]);
        source.record(&machine, &at(1005));
        assert_eq!((idle(&machine), machine.current(Cpu(0))), (vec![2, 3], Some(Pid(7))));
        source.record(&machine, &at(999));
        source.record(&machine, &at(2000));
        assert_eq!((idle(&machine)[0], machine.online().weight()), (1, 3));
        let sample = Sample { cpu: Cpu(1), tid: Pid(9), ..Sample::default() };
        source.sample(&machine, &sample);
        assert_eq!(machine.current(Cpu(1)), Some(Pid(0)), "the script alone tells");
    }

    #[test]
    fn records_and_samples_tell_who_runs() {
        let machine = machine();
        let mut source = Cpus::default();
        let switch = |tid: u32, next: u32| Record {
            time: 5,
            cpu: Cpu(2),
            kind: RecordKind::Switch {
                pid: Pid(tid),
                tid: Pid(tid),
                out: true,
                preempted: false,
                next_prev: Some((Pid(next), Pid(next))),
            },
        };
        source.record(&machine, &switch(0, 7));
        assert_eq!((machine.current(Cpu(2)), idle(&machine)), (Some(Pid(7)), vec![0, 1, 3]));
        source.record(&machine, &switch(7, 0));
        assert_eq!(machine.is_idle(Cpu(2)), Some(true));
        let sample = Sample { cpu: Cpu(1), tid: Pid(9), ..Sample::default() };
        source.sample(&machine, &sample);
        assert_eq!((machine.current(Cpu(1)), idle(&machine)), (Some(Pid(9)), vec![0, 2, 3]));
    }

    #[test]
    fn what_is_known_of_a_cpu_ends_where_records_are_lost() {
        let machine = machine();
        let mut cpus = Cpus::default();
        let mask = |cpus: &[u32]| cpus.iter().copied().map(Cpu).collect::<CpuMask>();
        cpus.keep_track(mask(&[1, 2]), mask(&[2]));
        assert_eq!(cpus.newly_told(), None);
        let tell = |cpus: &mut Cpus, cpu: u32, kind| {
            cpus.record(&machine, &Record { time: 5, cpu: Cpu(cpu), kind });
            cpus.newly_told().cloned()
        };
        let idle = || RecordKind::Occupancy(Occupancy::Idle);
        assert_eq!(tell(&mut cpus, 1, idle()), Some(mask(&[1, 2])));
        assert_eq!(tell(&mut cpus, 1, idle()), None);
        assert_eq!(tell(&mut cpus, 0, idle()), None, "its switches are not followed");
        assert_eq!(tell(&mut cpus, 2, RecordKind::Lost { records: 7 }), Some(mask(&[1])));
        assert_eq!(machine.is_idle(Cpu(2)), Some(false), "no core with it is free");
        let sample = Sample { cpu: Cpu(2), tid: Pid(9), ..Sample::default() };
        cpus.sample(&machine, &sample);
        assert_eq!(cpus.newly_told(), Some(&mask(&[1, 2])));
    }
}
