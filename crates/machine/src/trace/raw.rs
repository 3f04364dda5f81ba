//! Raw tracepoints: programs see the arguments as they are (`bpf_raw_tp_link_attach`, `__bpf_trace_run`).

use std::sync::Arc;

use arc_swap::ArcSwap;
use parking_lot::Mutex;
use skep_abi::{Addr, AttachType, Errno, Pid, ProgType};

use super::{MAX_ARGS, Traced};
use crate::link::{Link, LinkTarget};
use crate::perf::Attached;
use crate::{File, Machine, Run};

/// A raw tracepoint.
#[derive(Debug)]
pub struct RawTracepoint {
    name: Arc<str>,
    args: usize,
    progs: ArcSwap<Vec<(u64, Attached)>>,
    changing: Mutex<()>,
}

impl RawTracepoint {
    pub(super) fn new(name: &str, args: usize) -> Self {
        let progs = ArcSwap::from_pointee(Vec::new());
        Self { name: name.into(), args: args.min(MAX_ARGS), progs, changing: Mutex::new(()) }
    }

    /// Its name, such as `task_newtask`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Number of its arguments.
    #[must_use]
    pub const fn args(&self) -> usize {
        self.args
    }

    fn change(&self, change: impl FnOnce(&mut Vec<(u64, Attached)>)) {
        let _changing = self.changing.lock();
        let mut progs = self.progs.load().as_ref().clone();
        change(&mut progs);
        self.progs.store(Arc::new(progs));
    }

    pub(crate) fn remove(&self, link: u64) {
        self.change(|progs| progs.retain(|(id, _)| *id != link));
    }
}

impl Machine {
    /// `BPF_RAW_TRACEPOINT_OPEN`: attaches a program to a raw tracepoint, by a link. A tracing program names the
    /// tracepoint when it is loaded; others are told here.
    ///
    /// # Errors
    /// `EBADF` or `EINVAL` when `prog` is no program; `EINVAL` for a program of another type, for a tracing program with
    /// a name, and for one that reads more arguments than there are; `ENOENT` when there is no such tracepoint.
    pub fn raw_tracepoint_open(
        &self,
        name: Option<&str>,
        prog: &File,
        cookie: u64,
    ) -> Result<Arc<Link>, Errno> {
        let prog = prog.prog()?;
        let spec = prog.spec();
        let name = match (spec.prog_type, name) {
            (ProgType::Tracing, None) if spec.attach_type == Some(AttachType::TraceRawTp) => {
                spec.attach_to.as_deref().ok_or(Errno::EINVAL)?
            }
            (ProgType::RawTracepoint | ProgType::RawTracepointWritable, Some(name)) => name,
            (ProgType::RawTracepoint | ProgType::RawTracepointWritable, None) => {
                return Err(Errno::EFAULT);
            }
            _ => return Err(Errno::EINVAL),
        };
        let place = self.trace().raw(name, self.btf()).ok_or(Errno::ENOENT)?;
        if spec.max_ctx_offset as usize > 8 * place.args {
            return Err(Errno::EINVAL);
        }
        self.trace().contexts.prepare_args(self.memory()).map_err(|_| Errno::ENOMEM)?;
        let target = LinkTarget::RawTracepoint { place: Arc::clone(&place), cookie };
        let link = self.make_link(Arc::clone(prog), target);
        let id = u64::from(link.id());
        place.change(|progs| progs.push((id, Attached::new(Arc::clone(prog), cookie))));
        Ok(link)
    }

    /// The CPU passes a raw tracepoint; returns how many programs ran to their end.
    ///
    /// Nothing happens when no program is attached.
    // DEVIATION(linux): each program guards itself against running twice on a CPU, so that it may interrupt another
    // one; here it misses what happens while any program runs on the CPU.
    pub fn fire_raw_tracepoint(&self, name: &str, at: Traced<'_>, args: &[u64]) -> u32 {
        let Some(place) = self.trace().known_raw(name) else { return 0 };
        let progs = place.progs.load();
        let Some(cpu) = self.cpu(at.cpu).filter(|_| !progs.is_empty()) else { return 0 };
        let mut ran = 0;
        for (_, attached) in progs.iter() {
            let prog = attached.prog();
            let Some(_busy) = cpu.enter() else {
                prog.counters().dropped();
                continue;
            };
            let Some(ctx) = self.trace().contexts.args(at.cpu, args) else { continue };
            let mut run = Run {
                machine: self,
                cpu: at.cpu,
                prog: prog.id(),
                prog_type: prog.prog_type(),
                ctx,
                task: at.task,
                sample: at.sample,
                event: None,
                cookie: attached.cookie(),
                user: at.user,
            };
            ran += u32::from(prog.run(&mut run).is_some());
        }
        ran
    }

    /// `task_newtask(task, clone_flags)`: the current task has made another one (`copy_process`).
    pub(crate) fn trace_newtask(&self, new: Pid, clone_flags: u64, at: Traced<'_>) {
        if self.trace().has_raw("task_newtask") {
            let Addr(task) = self.tasks().object(new);
            self.fire_raw_tracepoint("task_newtask", at, &[task, clone_flags]);
        }
    }
}
