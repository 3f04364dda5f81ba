//! Programs as the machine takes them: with the interpreter that runs them.

use std::sync::Arc;

use skep_machine::{Executable, Run, Trapped};

use crate::{Interp, Program};

/// A program among those of an interpreter, which tail calls find it by. It leaves them when the machine lets it go.
#[derive(Debug)]
pub struct Interpreted {
    interp: Arc<Interp>,
    program: Arc<Program>,
}

impl Interpreted {
    /// Adds a program to those of an interpreter.
    #[must_use]
    pub fn new(interp: &Arc<Interp>, program: Program) -> Self {
        let program = interp.progs().insert(program);
        Self { interp: Arc::clone(interp), program }
    }

    /// The program.
    #[must_use]
    pub const fn program(&self) -> &Arc<Program> {
        &self.program
    }
}

impl Executable for Interpreted {
    fn run(&self, run: &mut Run<'_>) -> Result<u64, Trapped> {
        self.interp.run(&self.program, run).map_err(|trap| trap as Trapped)
    }
}

impl Drop for Interpreted {
    fn drop(&mut self) {
        self.interp.progs().remove(self.program.id());
    }
}
