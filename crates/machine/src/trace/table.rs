//! The tracepoints of a machine.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use parking_lot::RwLock;
use skep_abi::Errno;
use skep_btf::{Btf, Kind, Type};

use super::context::TraceContexts;
use super::{MAX_ARGS, RawTracepoint, TraceEvent};
use crate::Machine;
use crate::memory::OutOfMemory;
use crate::perf::{PerfEventAttr, Pmu};

/// Tracepoints by number and name.
#[derive(Debug)]
pub(crate) struct Trace {
    events: RwLock<BTreeMap<u64, Arc<TraceEvent>>>,
    raw: RwLock<HashMap<Arc<str>, Arc<RawTracepoint>>>,
    pub(super) contexts: TraceContexts,
}

/// What the machine passes itself, on kernels without types: name and number of arguments.
const OWN: &[(&str, usize)] = &[("task_newtask", 2)];

impl Trace {
    pub(crate) fn new(cpus: u32) -> Self {
        let contexts = TraceContexts::new(cpus);
        Self { events: RwLock::default(), raw: RwLock::default(), contexts }
    }

    /// What a perf event traces; `None` for one that traces nothing.
    pub(crate) fn event(
        &self,
        pmu: Pmu,
        attr: &PerfEventAttr,
    ) -> Result<Option<Arc<TraceEvent>>, Errno> {
        match pmu {
            Pmu::Tracepoint => {
                self.events.read().get(&attr.config).cloned().map(Some).ok_or(Errno::EINVAL)
            }
            // A probe is made for its event alone. Programs see registers, whose size the verifier knows.
            Pmu::Kprobe | Pmu::Uprobe => {
                let name = attr.probe.as_deref().unwrap_or_default();
                Ok(Some(Arc::new(TraceEvent::new(0, name, u32::MAX))))
            }
            _ => Ok(None),
        }
    }

    pub(super) fn known_raw(&self, name: &str) -> Option<Arc<RawTracepoint>> {
        self.raw.read().get(name).cloned()
    }

    /// Whether anybody has asked for a raw tracepoint.
    pub(super) fn has_raw(&self, name: &str) -> bool {
        self.raw.read().contains_key(name)
    }

    /// A raw tracepoint of this kernel.
    pub(super) fn raw(&self, name: &str, btf: Option<&Btf>) -> Option<Arc<RawTracepoint>> {
        if let Some(known) = self.known_raw(name) {
            return Some(known);
        }
        let own = OWN.iter().find(|(own, _)| *own == name).map(|(_, args)| *args);
        let args = btf.and_then(|btf| args_of(btf, name)).or(own)?;
        let mut raw = self.raw.write();
        let made =
            raw.entry(name.into()).or_insert_with(|| Arc::new(RawTracepoint::new(name, args)));
        Some(Arc::clone(made))
    }
}

/// Number of arguments of a raw tracepoint, which its typedef tells: `btf_trace_NAME` is a pointer to a function that
/// takes the program's data before them.
fn args_of(btf: &Btf, name: &str) -> Option<usize> {
    let typedef = btf.get(btf.find(&format!("btf_trace_{name}"), Kind::Typedef)?)?;
    let pointer = btf.get(typedef.target()?)?;
    match btf.get(pointer.target()?)? {
        Type::FuncProto(proto) => Some(proto.params().count().saturating_sub(1).min(MAX_ARGS)),
        _ => None,
    }
}

impl Machine {
    /// Defines a tracepoint: its number in tracefs, its name, and the end of its last field in bytes. One that is
    /// defined already stays as it is.
    ///
    /// # Errors
    /// [`OutOfMemory`] when there is no room for its records.
    pub fn define_tracepoint(
        &self,
        id: u64,
        name: &str,
        size: u32,
    ) -> Result<Arc<TraceEvent>, OutOfMemory> {
        self.trace().contexts.prepare_records(self.memory())?;
        let mut events = self.trace().events.write();
        let made = events.entry(id).or_insert_with(|| Arc::new(TraceEvent::new(id, name, size)));
        Ok(Arc::clone(made))
    }

    /// The tracepoint with this number.
    #[must_use]
    pub fn tracepoint(&self, id: u64) -> Option<Arc<TraceEvent>> {
        self.trace().events.read().get(&id).cloned()
    }
}
