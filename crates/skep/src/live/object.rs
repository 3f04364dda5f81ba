//! A compiled object, parsed.

use std::path::Path;

use skep_object::ObjectSpec;

use crate::Error;

/// Bytes of an object file at most, as for the command line.
const MAX_BYTES: u64 = 64 << 20;

/// A compiled object that was read and parsed; nothing is chosen for any kernel yet.
#[derive(Debug)]
pub struct Object(ObjectSpec);

impl Object {
    /// Reads an object file.
    ///
    /// # Errors
    /// When it cannot be read, is larger than 64 MiB, or is no BPF object.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let shown = path.display();
        let failed = |error: std::io::Error| Error::input(format!("{shown}: {error}"));
        let len = std::fs::metadata(path).map_err(failed)?.len();
        if len > MAX_BYTES {
            return Err(Error::input(format!("{shown} has {len} bytes, more than 64 MiB")));
        }
        Self::parse(&shown.to_string(), &std::fs::read(path).map_err(failed)?)
    }

    /// Parses an object's bytes; `name` is what errors call it.
    ///
    /// # Errors
    /// When they are no BPF object.
    pub fn parse(name: &str, bytes: &[u8]) -> Result<Self, Error> {
        let spec = ObjectSpec::parse(name, bytes);
        spec.map(Self).map_err(|error| Error::input(format!("{name}: {error}")))
    }

    /// What was parsed.
    #[must_use]
    pub const fn spec(&self) -> &ObjectSpec {
        &self.0
    }
}
