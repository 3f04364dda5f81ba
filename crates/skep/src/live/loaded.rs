//! An object whose maps and programs live on a machine.

use super::{Machine, MapHandle, ProgramHandle};
use crate::Error;
use crate::load::Loaded;

/// A loaded object. It holds its programs; those that are attached live on without it.
#[derive(Debug)]
pub struct LoadedObject {
    machine: Machine,
    loaded: Loaded,
}

impl LoadedObject {
    pub(super) const fn new(machine: Machine, loaded: Loaded) -> Self {
        Self { machine, loaded }
    }

    /// The parts.
    #[must_use]
    pub const fn loaded(&self) -> &Loaded {
        &self.loaded
    }

    /// A program by its name.
    ///
    /// # Errors
    /// When there is none, or it could not be loaded.
    pub fn program(&self, name: &str) -> Result<ProgramHandle<'_>, Error> {
        if let Some(prog) = self.loaded.program(name) {
            return Ok(ProgramHandle::new(&self.machine, prog));
        }
        if let Some((_, why)) = self.loaded.unusable.iter().find(|(unusable, _)| unusable == name) {
            return Err(Error::new(why.kind, why));
        }
        let known: Vec<_> = self.loaded.programs.iter().map(|prog| &*prog.spec().name).collect();
        Err(Error::input(format!("the object has no program `{name}`"))
            .hint(format!("it has {}", known.join(", "))))
    }

    /// A map by its name.
    ///
    /// # Errors
    /// When there is none.
    pub fn map(&self, name: &str) -> Result<MapHandle<'_>, Error> {
        let map = self.loaded.map(name).and_then(|map| self.machine.user_side(map.id));
        map.map(|side| MapHandle::new(name, side)).ok_or_else(|| {
            let known: Vec<_> = self.loaded.maps.iter().map(|map| &*map.spec.name).collect();
            Error::input(format!("the object has no map `{name}`"))
                .hint(format!("it has {}", known.join(", ")))
        })
    }

    /// A global variable of 8 bytes, by its name.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<u64> {
        self.loaded.variable(&self.machine, name)
    }
}
