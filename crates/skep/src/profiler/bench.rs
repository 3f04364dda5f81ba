//! A built-in program on a machine, driven by a session from its start to its end.

use std::sync::atomic::AtomicBool;

use skep_machine::Machine;
use skep_report::Symbolizer;
use skep_sample::{Record, Session};
use skep_topology::CpuMask;

use super::gathered::Gathered;
use super::stacks::all_stacks;
use super::{Outcome, Stacks, Stage, Tables, nameless, remarks, unnamed};
use crate::load::Loaded;
use crate::session::{Driver, watch};
use crate::{Error, ErrorKind};

/// A loaded program, and what drives it.
pub(super) struct Bench<'m> {
    pub(super) machine: &'m Machine,
    pub(super) loaded: &'m Loaded,
    pub(super) driver: Driver<'m>,
    /// Tells the program which CPUs are known to be idle or busy, each time that these are others.
    pub(super) tell: &'m dyn Fn(&CpuMask) -> Result<(), Error>,
}

impl Bench<'_> {
    /// Samples to the end, reads the program's maps, and names what is in them.
    ///
    /// # Errors
    /// What the system refused while sampling, and a program that faulted.
    pub(super) fn run(
        mut self,
        session: Session,
        stop: &AtomicBool,
        progress: &mut dyn FnMut(Stage<'_>),
    ) -> Result<Outcome, Error> {
        let driver = &mut self.driver;
        let (mut gathered, mut relieved, mut told) = (Gathered::default(), Ok(()), Ok(()));
        let mut follow = |record: &Record| {
            driver.record(record);
            if let (Some(now), Ok(())) = (driver.newly_told(), &told) {
                told = (self.tell)(now);
            }
        };
        let watched = watch(session, stop, &mut follow, &mut |totals| {
            if relieved.is_ok() {
                relieved = gathered.relieve(self.machine, self.loaded);
            }
            progress(Stage::Sampling(totals));
        })?;
        relieved.and(told)?;
        if let Some(trap) = driver.counts().into_iter().find_map(|counts| counts.first_fault) {
            return Err(Error::new(
                ErrorKind::Program,
                format!("the built-in profiler faulted: {trap}"),
            ));
        }
        gathered.add(&Tables::read(self.machine, self.loaded)?);
        let counted = gathered.counted();
        let Stacks { set, groups } = all_stacks(&gathered, watched.session.spaces(), driver.seen());
        let era = watched.era();
        let profile = Symbolizer::of(era).profile(&set, &mut |at| progress(Stage::Naming(at)));
        let remarks = remarks(counted)
            .into_iter()
            .chain(driver.remarks_on_cpus())
            .chain(nameless(&profile, era))
            .chain(unnamed(&profile));
        let notices = watched.notices().chain(remarks).collect();
        Ok(Outcome { watched, counted, profile, groups, smt: None, notices })
    }
}
