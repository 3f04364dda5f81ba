//! The machine that samples run on.

use skep_machine::Machine;
use skep_object::KernelProfile;
use skep_topology::Topology;

use super::{machine_like_host, machine_on};
use crate::Error;

/// Whose CPUs the machine has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Ground {
    /// The host's.
    #[default]
    Host,
    /// Declared ones: they run as declared, whatever those of the source do. The kernel is fitted to them
    /// ([`crate::topology::kernel_for`]).
    Declared(Topology),
    /// Those that a recording describes; the kernel is fitted to them.
    Recorded(Topology),
}

impl Ground {
    /// The CPUs, where they are not the host's.
    #[must_use]
    pub const fn topology(&self) -> Option<&Topology> {
        match self {
            Self::Host => None,
            Self::Declared(topology) | Self::Recorded(topology) => Some(topology),
        }
    }

    /// Builds the machine.
    ///
    /// # Errors
    /// As [`machine_on`].
    pub(crate) fn machine(&self, kernel: &KernelProfile) -> Result<Machine, Error> {
        match self.topology() {
            Some(topology) => machine_on(kernel, topology.clone()),
            None => machine_like_host(kernel),
        }
    }
}
