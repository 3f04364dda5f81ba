//! Which scheduler is loaded, and how the last one ended.

use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use parking_lot::Mutex;
use skep_abi::{Cpu, Errno, KernelVersion};

use super::exit::{ECODE_ACT_RESTART, ECODE_RSN_HOTPLUG, ExitInfo, ExitKind, log_lines};
use super::ops::SchedExtOps;

/// Lines of the log that are kept.
const LOG_LINES: usize = 1024;
/// Bytes of an exit message with its NUL (`SCX_EXIT_MSG_LEN`).
const MSG_LEN: usize = 1024;
/// `SCX_OPS_SWITCH_PARTIAL`: other tasks stay with the fair scheduler, which the log mentions.
const SWITCH_PARTIAL: u64 = 1 << 3;

/// A scheduler is loaded (`scx_root`).
const LOADED: u8 = 1;
/// Idle CPUs are tracked (`scx_builtin_idle_enabled`).
const BUILTIN_IDLE: u8 = 2;
/// There are masks for each node (`scx_builtin_idle_per_node`).
const PER_NODE: u8 = 4;

/// Why a scheduler is not enabled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the scheduler `{name}` is not loaded: {why} ({errno})")]
pub struct LoadError {
    /// Its name.
    pub name: String,
    /// The kernel's error number.
    pub errno: Errno,
    /// The kernel's sentence where it has one, else what was wrong.
    pub why: String,
}

#[derive(Debug, Default)]
struct State {
    ops: Option<SchedExtOps>,
    /// An exit that was claimed: the scheduler is disabled once the programs that run now have ended.
    claimed: Option<ExitInfo>,
    last_exit: Option<ExitInfo>,
    log: VecDeque<String>,
    hotplug_seq: u64,
}

impl State {
    fn say(&mut self, line: String) {
        if self.log.len() == LOG_LINES {
            self.log.pop_front();
        }
        self.log.push_back(line);
    }
}

/// The scheduler's side of sched_ext: nothing here knows of masks.
#[derive(Debug)]
pub(crate) struct Instance {
    version: KernelVersion,
    /// What calls ask at every turn: [`LOADED`], [`BUILTIN_IDLE`], [`PER_NODE`].
    keys: AtomicU8,
    is_exit_claimed: AtomicBool,
    state: Mutex<State>,
}

impl Instance {
    pub(crate) fn new(version: KernelVersion) -> Self {
        let (keys, is_exit_claimed) = (AtomicU8::new(0), AtomicBool::new(false));
        Self { version, keys, is_exit_claimed, state: Mutex::default() }
    }

    fn has(&self, key: u8) -> bool {
        self.keys.load(Ordering::Acquire) & key != 0
    }

    pub(super) fn is_loaded(&self) -> bool {
        self.has(LOADED)
    }

    pub(super) fn has_builtin_idle(&self) -> bool {
        self.has(BUILTIN_IDLE)
    }

    pub(super) fn is_per_node(&self) -> bool {
        self.has(PER_NODE)
    }

    pub(super) fn ops(&self) -> Option<SchedExtOps> {
        self.state.lock().ops.clone()
    }

    pub(super) fn last_exit(&self) -> Option<ExitInfo> {
        self.state.lock().last_exit.clone()
    }

    pub(super) fn log(&self) -> Vec<String> {
        self.state.lock().log.iter().cloned().collect()
    }

    pub(super) fn hotplug_seq(&self) -> u64 {
        self.state.lock().hotplug_seq
    }

    /// Loads a scheduler; `reset` brings the masks to their first state before any call can see them.
    pub(super) fn enable(&self, ops: SchedExtOps, reset: impl FnOnce()) -> Result<(), LoadError> {
        self.finish();
        let mut state = self.state.lock();
        let refuse =
            |errno, why: &str| LoadError { name: ops.name.clone(), errno, why: why.to_owned() };
        if let Err((errno, why)) = ops.check_members(self.version) {
            return Err(refuse(errno, &why));
        }
        if let Some(other) = &state.ops {
            return Err(refuse(Errno::EBUSY, &format!("`{}` is loaded already", other.name)));
        }
        if let Err(why) = ops.check() {
            let refused = refuse(Errno::EINVAL, why);
            let info = ExitInfo { kind: ExitKind::Error, exit_code: 0, msg: why.to_owned() };
            log_lines(&ops.name, &info).into_iter().for_each(|line| state.say(line));
            state.last_exit = Some(info);
            return Err(refused);
        }
        reset();
        let keys = [(BUILTIN_IDLE, ops.has_builtin_idle()), (PER_NODE, ops.is_per_node())];
        let keys = keys.iter().filter(|(_, has)| *has).fold(LOADED, |keys, (key, _)| keys | key);
        self.keys.store(keys, Ordering::Release);
        let partial = if ops.flags & SWITCH_PARTIAL != 0 { " (partial)" } else { "" };
        state.say(format!("sched_ext: BPF scheduler \"{}\" enabled{partial}", ops.name));
        let (wanted, actual) = (ops.hotplug_seq, state.hotplug_seq);
        state.ops = Some(ops);
        if wanted != 0 && wanted != actual {
            let why = format!("expected hotplug seq {wanted} did not match actual {actual}");
            self.claim(&mut state, hotplug(why));
        }
        Ok(())
    }

    /// Asks for the end of the scheduler; only the first who does is heard (`scx_vexit`).
    pub(super) fn exit(&self, info: ExitInfo) {
        self.claim(&mut self.state.lock(), info);
    }

    /// As [`Self::exit`], for a rule that was broken (`scx_error`).
    pub(super) fn error(&self, msg: fmt::Arguments<'_>) {
        self.exit(ExitInfo { kind: ExitKind::Error, exit_code: 0, msg: msg.to_string() });
    }

    fn claim(&self, state: &mut State, mut info: ExitInfo) {
        if state.ops.is_none() || state.claimed.is_some() {
            return;
        }
        if info.msg.len() >= MSG_LEN {
            info.msg.truncate(info.msg.floor_char_boundary(MSG_LEN - 1));
        }
        state.claimed = Some(info);
        self.is_exit_claimed.store(true, Ordering::Release);
    }

    /// Disables a scheduler whose end was asked for (`scx_disable_workfn`): in the kernel a thread of its own does so
    /// as soon as interrupts allow.
    pub(crate) fn finish(&self) {
        if !self.is_exit_claimed.load(Ordering::Acquire) {
            return;
        }
        let mut state = self.state.lock();
        if let (Some(info), Some(ops)) = (state.claimed.take(), state.ops.take()) {
            log_lines(&ops.name, &info).into_iter().for_each(|line| state.say(line));
            state.last_exit = Some(info);
            self.keys.store(0, Ordering::Release);
        }
        self.is_exit_claimed.store(false, Ordering::Release);
    }

    /// A CPU came or went (`handle_hotplug`): a scheduler without an operation for it ends.
    pub(super) fn hotplug(&self, cpu: Cpu, online: bool) {
        let mut state = self.state.lock();
        state.hotplug_seq += 1;
        let Some(ops) = &state.ops else { return };
        if !(if online { ops.has_cpu_online } else { ops.has_cpu_offline }) {
            let way = if online { "online" } else { "offline" };
            let info = hotplug(format!("cpu {cpu} going {way}, exiting scheduler"));
            self.claim(&mut state, info);
        }
    }
}

fn hotplug(msg: String) -> ExitInfo {
    let exit_code = ECODE_ACT_RESTART | ECODE_RSN_HOTPLUG;
    ExitInfo { kind: ExitKind::UnregKern, exit_code, msg }
}
