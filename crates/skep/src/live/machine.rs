//! A machine with the kernel that programs are judged by and loaded for.

use std::ops::Deref;
use std::sync::Arc;

use skep_abi::{Cpu, KernelVersion};
use skep_machine::perf::Target;
use skep_machine::{File, PerfEventAttr};
use skep_object::KernelProfile;

use super::{LoadedObject, Object, PerfEvent};
use crate::load::Loaded;
use crate::{Error, ErrorKind, profile};

/// Describes a machine before it exists.
#[derive(Clone, Debug)]
pub struct MachineBuilder {
    inner: skep_machine::MachineBuilder,
    version: KernelVersion,
    profile: Option<KernelProfile>,
}

impl MachineBuilder {
    /// Number of CPUs (1).
    #[must_use]
    pub fn cpus(self, cpus: u32) -> Self {
        self.with(|machine| machine.cpus(cpus))
    }

    /// A release whose kernel skep ships the types of (6.18): see [`profile::shipped_list`].
    #[must_use]
    pub fn kernel(mut self, version: KernelVersion) -> Self {
        (self.version, self.profile) = (version, None);
        self
    }

    /// Another kernel, such as the running one ([`profile::running`]).
    #[must_use]
    pub fn profile(mut self, profile: KernelProfile) -> Self {
        self.profile = Some(profile);
        self
    }

    /// Describes what only the machine itself has words for.
    #[must_use]
    pub fn with(
        mut self,
        describe: impl FnOnce(skep_machine::MachineBuilder) -> skep_machine::MachineBuilder,
    ) -> Self {
        self.inner = describe(self.inner);
        self
    }

    /// Builds it.
    ///
    /// # Errors
    /// When skep ships no types of the release, or the host has no room.
    pub fn build(self) -> Result<Machine, Error> {
        let version = self.version;
        let profile = self.profile.or_else(|| profile::shipped(version)).ok_or_else(|| {
            let known = profile::shipped_list().iter().map(|shipped| shipped.version.to_string());
            let known: Vec<_> = known.collect();
            Error::input(format!("skep ships no types of Linux {version}"))
                .hint(format!("it ships those of {}", known.join(", ")))
        })?;
        let inner = self.inner.version(profile.version).btf(profile.btf.clone());
        let inner = Arc::new(inner.build().map_err(Error::environment)?);
        Ok(Machine { inner, profile: Arc::new(profile) })
    }
}

/// A simulated machine that runs a kernel. Clones are the same machine; all that `skep_machine` offers is there too.
#[derive(Clone, Debug)]
pub struct Machine {
    inner: Arc<skep_machine::Machine>,
    profile: Arc<KernelProfile>,
}

impl Machine {
    /// Starts to describe a machine.
    #[must_use]
    pub fn builder() -> MachineBuilder {
        let inner = skep_machine::Machine::builder();
        MachineBuilder { inner, version: KernelVersion::new(6, 18), profile: None }
    }

    /// The kernel.
    #[must_use]
    pub fn profile(&self) -> &KernelProfile {
        &self.profile
    }

    /// Relocates an object for the kernel, judges its programs and loads maps and programs.
    ///
    /// # Errors
    /// When the object does not fit the kernel, or a program that loading it would load is rejected or needs what skep
    /// does not have; programs that the verifier cannot judge run all the same, since every access is checked.
    pub fn load(&self, object: &Object) -> Result<LoadedObject, Error> {
        let resolved = object.spec().resolve(&self.profile).map_err(|error| {
            Error::new(ErrorKind::Program, format!("{}: {error}", object.spec().name))
        })?;
        let mut loaded = Loaded::new(&self.inner, &resolved, &self.profile)?;
        let is_wanted = |name: &str| {
            resolved.programs.iter().any(|program| program.name == name && program.autoload)
        };
        match loaded.unusable.iter().position(|(name, _)| is_wanted(name)) {
            Some(at) => Err(loaded.unusable.swap_remove(at).1),
            None => Ok(LoadedObject::new(self.clone(), loaded)),
        }
    }

    /// Opens a perf event on a CPU, or with `None` on whichever its task runs.
    ///
    /// # Errors
    /// What `perf_event_open` would say ([`skep_machine::Machine::perf_event_open`]).
    pub fn perf_event_open(
        &self,
        attr: &PerfEventAttr,
        target: Target,
        cpu: impl Into<Option<Cpu>>,
    ) -> Result<PerfEvent, Error> {
        self.open(attr, target, cpu.into(), None)
    }

    /// Opens a perf event in the group that another one leads.
    ///
    /// # Errors
    /// As [`Self::perf_event_open`].
    pub fn perf_event_open_in(
        &self,
        attr: &PerfEventAttr,
        target: Target,
        cpu: impl Into<Option<Cpu>>,
        leader: &PerfEvent,
    ) -> Result<PerfEvent, Error> {
        self.open(attr, target, cpu.into(), Some(&File::from(leader.event())))
    }

    fn open(
        &self,
        attr: &PerfEventAttr,
        target: Target,
        cpu: Option<Cpu>,
        group: Option<&File>,
    ) -> Result<PerfEvent, Error> {
        let opened = self.inner.perf_event_open_in(attr, target, cpu, group);
        let event = opened.map_err(|errno| {
            let place = match (target, cpu) {
                (Target::AnyTask, None) => "nothing".to_owned(),
                (Target::AnyTask, Some(cpu)) => format!("CPU {cpu}"),
                (Target::Task(tid), None) => format!("task {tid}"),
                (Target::Task(tid), Some(cpu)) => format!("task {tid} on CPU {cpu}"),
            };
            let (kind, config) = (attr.event_type, attr.config);
            Error::input(format!(
                "perf_event_open(type {kind}, config {config:#x}) for {place}: {errno}"
            ))
        })?;
        Ok(PerfEvent::new(self.clone(), event))
    }
}

impl Deref for Machine {
    type Target = skep_machine::Machine;

    fn deref(&self) -> &Self::Target {
        &self.inner
    }
}
