//! The programs of one machine, by id: where tail calls find their targets.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::RwLock;
use skep_abi::ProgId;

use crate::Program;

/// Loaded programs. Several CPUs read it while programs come and go.
#[derive(Debug, Default)]
pub struct ProgStore(RwLock<HashMap<ProgId, Arc<Program>>>);

impl ProgStore {
    /// Adds a program; one with the same id is replaced, and ends once its last run ends.
    pub fn insert(&self, program: Program) -> Arc<Program> {
        let program = Arc::new(program);
        self.0.write().insert(program.id(), Arc::clone(&program));
        program
    }

    /// The program with this id.
    #[must_use]
    pub fn get(&self, id: ProgId) -> Option<Arc<Program>> {
        self.0.read().get(&id).cloned()
    }

    /// Takes a program away; runs that have begun go on.
    pub fn remove(&self, id: ProgId) -> Option<Arc<Program>> {
        self.0.write().remove(&id)
    }
}
