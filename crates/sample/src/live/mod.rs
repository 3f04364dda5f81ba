//! Samples by `perf_event_open(2)`.

mod cgroup;
pub(crate) mod limits;
mod opener;
mod rings;
mod target;
mod visit;

use std::collections::BTreeSet;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid as RawPid, PidfdFlags, pidfd_open};
use skep_abi::{Cpu, Pid};

use crate::attr::{AttrPlan, Start};
use crate::child::Child;
use crate::clock;
use crate::convert::convert;
use crate::error::{OpenError, SampleError};
use crate::event_name::EventSpec;
use crate::notice::Notice;
use crate::options::{Options, Target};
use crate::proc::{executable_mappings, online_cpus, threads_of};
use crate::record::{Format, PerfRecord, ReadFormat, RecordError};
use crate::stream::{Record, RecordKind, TargetStatus};
use crate::sys::event;

use cgroup::Cgroup;
use opener::Opener;
use rings::CpuRing;
use target::{Opening, all_processes};

/// Open events and their rings.
#[derive(Debug)]
pub(crate) struct PerfSource {
    rings: Vec<CpuRing>,
    opener: Opener,
    format: Format,
    child: Option<Child>,
    watched: Vec<Watched>,
    /// Records that are read but not yet handed out.
    pending: Vec<Record>,
    /// Samples taken before the session started are none.
    started: Option<u64>,
    /// When the drain before this one began: everything older has arrived.
    settled_until: u64,
}

/// A running process whose end ends the session.
#[derive(Debug)]
struct Watched {
    pid: Pid,
    pidfd: Option<OwnedFd>,
}

impl Watched {
    fn new(pid: Pid) -> Self {
        let raw = i32::try_from(pid.0).ok().and_then(RawPid::from_raw);
        Self { pid, pidfd: raw.and_then(|raw| pidfd_open(raw, PidfdFlags::empty()).ok()) }
    }

    fn is_alive(&self) -> bool {
        match &self.pidfd {
            Some(pidfd) => {
                let mut fds = [PollFd::new(pidfd, PollFlags::IN)];
                !matches!(poll(&mut fds, Some(&Timespec::default())), Ok(ready) if ready > 0)
            }
            None => Path::new("/proc").join(self.pid.to_string()).exists(),
        }
    }
}

impl PerfSource {
    /// Opens everything; nothing is sampled before [`start`](Self::start).
    pub(crate) fn open(options: &Options, notices: &mut Vec<Notice>) -> Result<Self, OpenError> {
        let fields = options.wanted_fields();
        limits::check(options.rate, &fields)?;
        target::check(&options.target)?;
        let online = online_cpus().map_err(|source| OpenError::System {
            doing: "asking which CPUs are online",
            source,
        })?;
        let sampled = chosen(options, &online)?;
        let event = options.event.clone().unwrap_or_else(EventSpec::cycles);
        let (inherit, start) = match &options.target {
            Target::Command(_) => (options.inherit, Start::OnExec),
            Target::Pids(_) => (options.inherit, Start::AtOnce),
            Target::Cgroup(_) | Target::All | Target::Recording(_) => (false, Start::OnEnable),
        };
        let plan = AttrPlan::new(event, options.rate, fields, inherit, start);
        let opened_at = clock::monotonic();
        let mut source = Self {
            rings: rings::open(&online, options, notices)?,
            opener: Opener::new(plan, options.event.is_none(), options.on_open.clone()),
            format: Format::default(),
            child: None,
            watched: Vec::new(),
            pending: Vec::new(),
            started: None,
            settled_until: 0,
        };
        let present = source.open_target(options, &sampled, notices)?;
        if options.cpu_switches {
            source.opener.open_switches(&source.rings, notices);
        }
        source.format = Format::from(&source.opener.plan.sampling());
        source.describe(&present, opened_at);
        Ok(source)
    }

    /// Opens the target's events; *Returns* the processes that already run.
    fn open_target(
        &mut self,
        options: &Options,
        sampled: &BTreeSet<Cpu>,
        notices: &mut Vec<Notice>,
    ) -> Result<BTreeSet<Pid>, OpenError> {
        let (rings, opener) = (&self.rings[..], &mut self.opener);
        match &options.target {
            Target::Command(command) => {
                let child = Child::prepare(command, options.child_stdout)?;
                let name = command.first().map(Path::new).unwrap_or(Path::new(""));
                Opening { opener, rings, sampled, notices }.command(child.pid(), name)?;
                self.child = Some(child);
                Ok(BTreeSet::new())
            }
            Target::Pids(pids) if pids.is_empty() => {
                Err(OpenError::Nothing { what: "no process was given" })
            }
            Target::Pids(pids) => {
                self.watched = pids.iter().copied().map(Watched::new).collect();
                self.open_pids(pids, sampled, notices)?;
                Ok(pids.iter().copied().collect())
            }
            Target::Cgroup(path) => {
                let cgroup = Cgroup::open(path)?;
                Opening { opener, rings, sampled, notices }.cgroup(&cgroup)?;
                Ok(cgroup.members())
            }
            Target::All => {
                Opening { opener, rings, sampled, notices }.all()?;
                Ok(all_processes())
            }
            Target::Recording(_) => Err(target::PAST),
        }
    }

    /// Opens events for every thread of running processes: those that `/proc` lists, until no look finds one that is
    /// neither open nor made by an open one (and so has inherited its events).
    ///
    /// The events count from then on, since only counting events write the FORK records that tell who inherits.
    fn open_pids(
        &mut self,
        pids: &[Pid],
        sampled: &BTreeSet<Cpu>,
        notices: &mut Vec<Notice>,
    ) -> Result<(), OpenError> {
        let mut known = BTreeSet::new();
        let mut skipped = 0;
        loop {
            let mut listed = BTreeSet::new();
            for pid in pids {
                match threads_of(*pid) {
                    Ok(threads) => listed.extend(threads),
                    Err(_) if known.is_empty() => {
                        return Err(OpenError::NoSuchProcess { pid: *pid });
                    }
                    Err(_) => {}
                }
            }
            if !known.is_empty() && self.opener.plan.inherit {
                known.extend(self.forked()?);
            }
            let new: Vec<_> = listed.difference(&known).copied().collect();
            if new.is_empty() {
                break;
            }
            for tid in new {
                known.insert(tid);
                let (rings, opener) = (&self.rings[..], &mut self.opener);
                let mut opening = Opening { opener, rings, sampled, notices };
                opening.files_for(known.len())?;
                if !opening.thread(tid)? {
                    skipped += 1;
                }
            }
        }
        match pids.first() {
            Some(pid) if self.opener.samplers.is_empty() => {
                Err(OpenError::NoSuchProcess { pid: *pid })
            }
            _ if skipped > 0 => {
                notices.push(Notice::ThreadsSkipped { count: skipped });
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// The threads whose beginning the rings have recorded so far.
    fn forked(&mut self) -> Result<BTreeSet<Pid>, OpenError> {
        // A thread is listed a moment before its FORK record is written.
        std::thread::sleep(Duration::from_millis(1));
        self.format = Format::from(&self.opener.plan.sampling());
        let doing = "reading perf records";
        self.drain().map_err(|e| OpenError::System { doing, source: io::Error::other(e) })?;
        let forked = self.pending.iter().filter_map(|record| match &record.kind {
            RecordKind::Fork(lineage) => Some(lineage.tid),
            _ => None,
        });
        Ok(forked.collect())
    }

    /// Tells what processes that already run have mapped, as if it had happened just before.
    fn describe(&mut self, present: &BTreeSet<Pid>, time: u64) {
        let cpu = self.rings.first().map_or(Cpu(0), |ring| ring.cpu);
        for pid in present {
            for mapping in executable_mappings(*pid).unwrap_or_default() {
                let kind = RecordKind::Mmap { pid: *pid, mapping };
                self.pending.push(Record { time, cpu, kind });
            }
        }
    }

    /// Lets the command run, or the events count.
    pub(crate) fn start(&mut self) -> Result<(), OpenError> {
        for event in &self.opener.switches {
            let doing = "recording context switches";
            event::enable(event.as_fd()).map_err(|source| OpenError::System { doing, source })?;
        }
        if self.has_switches() {
            visit::visit(self.rings.iter().map(|ring| ring.cpu));
        }
        self.started = Some(clock::monotonic());
        match &mut self.child {
            Some(child) => child.start(),
            None => {
                self.opener.samplers.iter().chain(&self.opener.followers).try_for_each(|event| {
                    let doing = "starting a perf event";
                    event::enable(event.as_fd())
                        .map_err(|source| OpenError::System { doing, source })
                })
            }
        }
    }

    /// Waits until a ring is half full, the target ended, or the time is over.
    pub(crate) fn wait(&self, timeout: Duration) -> Result<(), SampleError> {
        let anchors = self.rings.iter().map(CpuRing::anchor);
        let ends =
            self.watched.iter().filter_map(|watched| watched.pidfd.as_ref().map(AsFd::as_fd));
        let child = self.child.as_ref().and_then(Child::pidfd);
        let fds =
            anchors.chain(ends).chain(child).map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN));
        let mut fds: Vec<_> = fds.collect();
        match poll(&mut fds, Timespec::try_from(timeout).ok().as_ref()) {
            // Ctrl-C, most likely: the caller looks at its own flag.
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => {
                Err(SampleError::System { doing: "waiting for perf records", source: error.into() })
            }
        }
    }

    /// Reads the rings and hands out, in order of time, what is so old that nothing older can still arrive; `all`
    /// hands out everything.
    pub(crate) fn take(&mut self, all: bool) -> Result<Vec<Record>, SampleError> {
        let begun = clock::monotonic();
        self.drain()?;
        // Each ring is nearly in order: the sort finds runs to merge.
        self.pending.sort_by_key(|record| record.time);
        let until = if all { u64::MAX } else { std::mem::replace(&mut self.settled_until, begun) };
        let settled = self.pending.partition_point(|record| record.time <= until);
        let rest = self.pending.split_off(settled);
        let taken = std::mem::replace(&mut self.pending, rest);
        Ok(taken)
    }

    fn drain(&mut self) -> Result<(), SampleError> {
        let (format, pending, started) = (&self.format, &mut self.pending, self.started);
        for CpuRing { cpu, ring, .. } in &mut self.rings {
            let read = ring.drain(|bytes| -> Result<(), RecordError> {
                let record = PerfRecord::parse(bytes, format)?;
                let record = convert(&record, *cpu);
                let counts = |record: &Record| match record.kind {
                    RecordKind::Sample(_) => started.is_some_and(|started| record.time >= started),
                    _ => true,
                };
                pending.extend(record.filter(counts));
                Ok(())
            });
            read.map_err(|source| SampleError::Record { cpu: *cpu, source })?;
        }
        Ok(())
    }

    /// Stops counting.
    pub(crate) fn stop(&mut self) {
        let Opener { samplers, followers, switches, .. } = &self.opener;
        for event in samplers.iter().chain(followers).chain(switches) {
            // An event whose target has ended has stopped by itself.
            let _ = event::disable(event.as_fd());
        }
    }

    /// Tells whether the command, or the last process, has ended.
    pub(crate) fn has_ended(&mut self) -> bool {
        match &mut self.child {
            Some(child) => child.status().is_some(),
            None => {
                self.watched.retain(|watched| watched.is_alive());
                self.watched.is_empty() && matches!(self.opener.plan.start, Start::AtOnce)
            }
        }
    }

    /// Ends the command, if one runs, and tells how it ended.
    pub(crate) fn finish(&mut self) -> Option<TargetStatus> {
        self.child.as_mut().map(Child::terminate)
    }

    /// Records that the kernel itself has counted as lost, with those after which no other record came.
    pub(crate) fn lost(&self) -> Option<u64> {
        if !self.opener.plan.features.read_lost {
            return None;
        }
        let Opener { samplers, followers, switches, .. } = &self.opener;
        let events = samplers.iter().chain(followers).chain(switches);
        events.map(|event| self.lost_of(event)).sum()
    }

    fn lost_of(&self, event: &OwnedFd) -> Option<u64> {
        let mut bytes = [0; 64];
        let len = rustix::io::read(event, &mut bytes).ok()?;
        let read = ReadFormat::parse_bytes(bytes.get(..len)?, &self.format).ok()?;
        read.values.first()?.lost
    }

    /// The command's process.
    pub(crate) fn child(&self) -> Option<Pid> {
        self.child.as_ref().map(Child::pid)
    }

    /// Whether the context switches of all CPUs are recorded.
    pub(crate) fn has_switches(&self) -> bool {
        !self.opener.switches.is_empty()
    }

    /// The event that samples.
    pub(crate) fn event(&self) -> &EventSpec {
        &self.opener.plan.event
    }
}

/// The CPUs to sample: those that were chosen, which must be online, else all.
fn chosen(options: &Options, online: &[Cpu]) -> Result<BTreeSet<Cpu>, OpenError> {
    let Some(chosen) = &options.cpus else { return Ok(online.iter().copied().collect()) };
    if chosen.is_empty() {
        return Err(OpenError::Nothing { what: "no CPU was given" });
    }
    match chosen.iter().find(|cpu| !online.contains(cpu)) {
        None => Ok(chosen.iter().copied().collect()),
        Some(cpu) => {
            let online: Vec<_> = online.iter().map(ToString::to_string).collect();
            Err(OpenError::NoSuchCpu { cpu: *cpu, online: online.join(",") })
        }
    }
}
