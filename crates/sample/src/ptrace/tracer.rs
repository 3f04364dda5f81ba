//! The tracer: one thread that stops, looks at and lets go all threads of a command.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use skep_abi::{Cpu, Pid, Sample, UserStack};

use crate::child::{Child, PATIENCE};
use crate::clock;
use crate::error::OpenError;
use crate::options::{Options, Target};
use crate::proc::{ProcessMemory, process_of, task};
use crate::stream::{Lineage, Record, RecordKind, TargetStatus};
use crate::sys::ptrace;
use crate::sys::ticker::Ticker;
use crate::unwind::UnwindMode;

use super::Message;
use super::event::Stop;
use super::maps::MapsWatch;
use super::thread::Thread;
use super::walk::frame_pointers;

/// Stack bytes to copy when stacks are unwound: deeper than perf can, since only what exists is copied.
const UNWIND_BYTES: usize = 64 << 10;
/// Stack bytes to look at along frame pointers.
const WALK_BYTES: usize = 4 << 10;
/// Requests to stop are noticed at least so often, however seldom samples are taken.
const LONGEST_TICK: Duration = Duration::from_millis(100);
/// Records are handed on at least so often.
const HAND_ON: u64 = 100_000_000;

/// Everything that the tracer thread owns.
pub(super) struct Tracer {
    child: Child,
    threads: HashMap<Pid, Thread>,
    maps: HashMap<Pid, MapsWatch>,
    period: u64,
    /// The only thread to sample, when what it makes is not to be.
    only: Option<Pid>,
    cpus: Option<Vec<Cpu>>,
    stack_bytes: usize,
    keeps_stack: bool,
    records: Vec<Record>,
    handed_on: u64,
    send: Sender<Message>,
    stop: Arc<AtomicBool>,
    status: Option<TargetStatus>,
}

impl Tracer {
    /// Forks the command, which waits, and seizes it. The calling thread is the tracer from now on.
    pub(super) fn open(
        options: &Options,
        period: u64,
        send: Sender<Message>,
        stop: Arc<AtomicBool>,
    ) -> Result<Self, OpenError> {
        let Target::Command(command) = &options.target else {
            return Err(OpenError::PtraceTarget { what: "anything else" });
        };
        let child = Child::prepare(command, options.child_stdout)?;
        let pid = child.pid();
        ptrace::seize(raw(pid)).map_err(|source| OpenError::PtraceRefused { source })?;
        let wished = options.wanted_fields().user_stack.unwrap_or(0) as usize;
        let unwinds = options.unwind != UnwindMode::Fp;
        let stack_bytes = wished.max(if unwinds { UNWIND_BYTES } else { WALK_BYTES });
        Ok(Self {
            threads: HashMap::from([(pid, Thread::new(pid, pid))]),
            maps: HashMap::new(),
            period,
            only: (!options.inherit).then_some(pid),
            cpus: options.cpus.clone(),
            stack_bytes,
            keeps_stack: wished > 0,
            records: Vec::new(),
            handed_on: clock::monotonic(),
            child,
            send,
            stop,
            status: None,
        })
    }

    /// The command's process.
    pub(super) fn child(&self) -> Pid {
        self.child.pid()
    }

    /// Lets the command run and traces it until it ends or sampling does.
    pub(super) fn run(mut self, begun: &Sender<Result<Pid, OpenError>>) {
        let period = Duration::from_nanos(self.period);
        let ticker = match Ticker::start(period.min(LONGEST_TICK)) {
            Ok(ticker) => ticker,
            Err(source) => {
                let error = OpenError::System { doing: "starting a timer", source };
                return drop(begun.send(Err(error)));
            }
        };
        let started = self.child.start();
        let failed = started.is_err();
        // A session that is gone cannot be told; the loop below then ends by its stop flag.
        let _ = begun.send(started.map(|()| self.child.pid()));
        if !failed {
            self.trace(period);
            self.let_go();
        }
        drop(ticker);
        self.hand_on();
        let status = self.status.unwrap_or(TargetStatus::Running);
        self.child.ended(status);
        let _ = self.send.send(Message::Ended(status));
    }

    /// The loop: whatever happens to a thread, and a tick every period.
    fn trace(&mut self, period: Duration) {
        let mut next_tick = Instant::now() + period;
        let mut give_up = None;
        while self.status.is_none() {
            match ptrace::wait(true) {
                Ok(Some((tid, status))) => self.handle(Pid(tid as u32), status),
                Err(error) if error.raw_os_error() == Some(libc::ECHILD) => return,
                // EINTR: a tick.
                _ => {}
            }
            let now = Instant::now();
            if now >= next_tick {
                next_tick = now.max(next_tick + period);
                self.tick();
            }
            if give_up.is_none() && self.stop.load(Ordering::Relaxed) {
                self.child.ask_to_end();
                give_up = Some(now + PATIENCE);
            }
            if give_up.is_some_and(|deadline| now >= deadline) {
                return;
            }
        }
    }

    /// Asks the threads that are due to stop.
    fn tick(&mut self) {
        if !self.stop.load(Ordering::Relaxed) {
            let only = self.only;
            let sampled = |tid: &Pid| only.is_none_or(|only| only == *tid);
            for (tid, thread) in self.threads.iter_mut().filter(|(tid, _)| sampled(tid)) {
                if let Some(cpu) = thread.tick(self.period)
                    && ptrace::interrupt(raw(*tid)).is_ok()
                {
                    thread.asked = Some(cpu);
                }
            }
        }
        if clock::monotonic().saturating_sub(self.handed_on) >= HAND_ON {
            self.hand_on();
        }
    }

    fn hand_on(&mut self) {
        self.handed_on = clock::monotonic();
        if !self.records.is_empty() {
            // Without a receiver the stop flag is set, and the loop ends.
            let _ = self.send.send(Message::Records(std::mem::take(&mut self.records)));
        }
    }

    /// Answers one wait status. Requests fail only when the thread was killed meanwhile, which another status tells.
    fn handle(&mut self, tid: Pid, status: i32) {
        let resumed = match Stop::from_wait(status) {
            Stop::Ended => {
                self.ended(tid, status);
                Ok(())
            }
            Stop::Signal(signal) => ptrace::cont(raw(tid), signal),
            Stop::Made => {
                self.made(tid);
                ptrace::cont(raw(tid), 0)
            }
            Stop::Exec => {
                self.executed(tid);
                ptrace::cont(raw(tid), 0)
            }
            Stop::Trap => {
                self.trapped(tid);
                ptrace::cont(raw(tid), 0)
            }
            Stop::Group => {
                if let Some(thread) = self.threads.get_mut(&tid) {
                    thread.asked = None;
                }
                ptrace::listen(raw(tid))
            }
        };
        drop(resumed);
    }

    fn ended(&mut self, tid: Pid, status: i32) {
        if tid == self.child.pid() {
            self.status = TargetStatus::from_wait(status);
        }
        let Some(thread) = self.threads.remove(&tid) else { return };
        if thread.pid == tid {
            self.maps.remove(&tid);
        }
        let (parent_pid, parent_tid) = (Pid(0), Pid(0));
        self.note(RecordKind::Exit(Lineage { pid: thread.pid, tid, parent_pid, parent_tid }));
    }

    /// A thread made another one, which is traced from its beginning and stops once before it runs.
    fn made(&mut self, parent_tid: Pid) {
        let Ok(tid) = ptrace::event_message(raw(parent_tid)) else { return };
        let tid = Pid(tid as u32);
        let parent_pid = self.threads.get(&parent_tid).map_or(parent_tid, |thread| thread.pid);
        let pid = self.join(tid);
        self.note(RecordKind::Fork(Lineage { pid, tid, parent_pid, parent_tid }));
    }

    /// Takes a thread in, if it is new; *Returns* its process.
    fn join(&mut self, tid: Pid) -> Pid {
        let new = || {
            let pid = process_of(tid).unwrap_or(tid);
            Thread::new(pid, tid)
        };
        self.threads.entry(tid).or_insert_with(new).pid
    }

    /// A process became another program: it has one thread now, whose number is that of the process.
    fn executed(&mut self, tid: Pid) {
        self.threads.retain(|_, thread| thread.pid != tid);
        self.threads.insert(tid, Thread::new(tid, tid));
        self.maps.remove(&tid);
        if let Ok(task) = task(tid) {
            self.note(RecordKind::Comm { pid: tid, tid, comm: task.comm, exec: true });
        }
        self.refresh_maps(tid, clock::monotonic(), &[]);
    }

    fn trapped(&mut self, tid: Pid) {
        self.join(tid);
        let Some(thread) = self.threads.get_mut(&tid) else { return };
        let (pid, cpu) = (thread.pid, thread.asked.take());
        let Some(cpu) = cpu else { return };
        thread.pay(self.period);
        if self.cpus.as_ref().is_none_or(|cpus| cpus.contains(&cpu))
            && let Ok(Some(sample)) = self.sample(pid, tid, cpu)
        {
            let time = sample.time;
            self.refresh_maps(pid, time, &sample.user_stack);
            self.records.push(Record { time, cpu, kind: RecordKind::Sample(Box::new(sample)) });
        }
    }

    /// Looks at a stopped thread; `None` for 32-bit programs.
    fn sample(&self, pid: Pid, tid: Pid, cpu: Cpu) -> io::Result<Option<Sample>> {
        let Some(regs) = ptrace::registers(raw(tid))? else { return Ok(None) };
        let memory = ProcessMemory::new(pid);
        let mut bytes = vec![0; self.stack_bytes];
        let copied = memory.read(regs.sp, &mut bytes).unwrap_or(0);
        bytes.truncate(copied);
        let copied = UserStack { start: regs.sp, bytes };
        let user_stack = frame_pointers(&regs, &copied, memory);
        Ok(Some(Sample {
            ip: regs.ip,
            pid,
            tid,
            time: clock::monotonic(),
            cpu,
            period: self.period,
            regs: Some(regs),
            user_regs: Some(regs),
            user_stack,
            user_stack_bytes: self.keeps_stack.then_some(copied),
            ..Sample::default()
        }))
    }

    /// Tells mappings that are new, as of a sample that may lead through them.
    fn refresh_maps(&mut self, pid: Pid, time: u64, stack: &[u64]) {
        for mapping in self.maps.entry(pid).or_default().refresh(pid, time, stack) {
            let kind = RecordKind::Mmap { pid, mapping };
            self.records.push(Record { time, cpu: Cpu(0), kind });
        }
    }

    fn note(&mut self, kind: RecordKind) {
        self.records.push(Record { time: clock::monotonic(), cpu: Cpu(0), kind });
    }

    /// Stops tracing whatever still runs: processes that outlive the command, or a command that does not end.
    fn let_go(&mut self) {
        let deadline = Instant::now() + PATIENCE;
        let asked = |tid: &Pid| ptrace::interrupt(raw(*tid)).is_ok();
        self.threads.retain(|tid, _| asked(tid));
        while !self.threads.is_empty() && Instant::now() < deadline {
            // The ticker ends a wait in which nothing happens.
            let Ok(Some((tid, status))) = ptrace::wait(true) else { continue };
            let tid = Pid(tid as u32);
            let detached = match Stop::from_wait(status) {
                Stop::Ended => {
                    if tid == self.child.pid() {
                        self.status = TargetStatus::from_wait(status);
                    }
                    Ok(())
                }
                Stop::Signal(signal) => ptrace::detach(raw(tid), signal),
                // The other events: the thread runs on as if nothing had been.
                Stop::Made | Stop::Exec | Stop::Trap | Stop::Group => ptrace::detach(raw(tid), 0),
            };
            drop(detached);
            self.threads.remove(&tid);
        }
        // Whoever did not answer is let go by the kernel when this thread ends.
    }
}

/// A thread's number as system calls take it.
const fn raw(tid: Pid) -> i32 {
    tid.0 as i32
}
