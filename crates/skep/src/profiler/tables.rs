//! The maps of the built-in programs as values (`programs/include/skep/stacks.h`).

use std::collections::HashMap;

use skep_abi::Pid;
use skep_machine::Machine;

use crate::Error;
use crate::contents::Entry;
use crate::load::Loaded;

/// Bytes of `struct profile_key`.
const KEY_BYTES: usize = 40;

/// What the program counted in its global variables.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// Samples that it saw.
    pub samples: u64,
    /// Samples that had no room in the table of stacks.
    pub uncounted: u64,
    /// Stacks that found no place, so that the sample is counted without them.
    pub unplaced: u64,
}

/// A row of `counts`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Process.
    pub pid: Pid,
    /// Name of the thread.
    pub comm: String,
    /// Id of the user stack; negative without one.
    pub user: i64,
    /// Id of the kernel stack; negative without one.
    pub kernel: i64,
    /// What else the program tells stacks apart by; 0 for nothing.
    pub group: u32,
    /// Samples.
    pub samples: u64,
}

/// Everything that the program left behind.
#[derive(Debug, Default)]
pub struct Tables {
    rows: Vec<Row>,
    stacks: HashMap<i64, Vec<u64>>,
    counted: Counted,
}

impl Tables {
    /// Reads the maps of the built-in program on a machine.
    ///
    /// # Errors
    /// When a map or variable is missing or has another shape.
    pub fn read(machine: &Machine, loaded: &Loaded) -> Result<Self, Error> {
        let entries = |name: &str| {
            let side = loaded.map(name).and_then(|map| machine.user_side(map.id));
            side.map(|side| side.entries()).ok_or_else(|| foreign(name))
        };
        Self::of(entries, |name| loaded.variable(machine, name))
    }

    /// Reads the maps of the built-in program, and empties them.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub(super) fn take(machine: &Machine, loaded: &Loaded) -> Result<Self, Error> {
        let entries = |name: &str| {
            let side = loaded.map(name).and_then(|map| machine.user_side(map.id));
            let side = side.ok_or_else(|| foreign(name))?;
            let entries = side.entries();
            for (key, _) in &entries {
                side.delete(key).map_err(|_| foreign(name))?;
            }
            Ok(entries)
        };
        Self::of(entries, |name| loaded.variable(machine, name))
    }

    /// Reads the maps of the built-in program by their names, and its variables.
    ///
    /// # Errors
    /// When a map or variable is missing or has another shape.
    pub(crate) fn of(
        entries: impl Fn(&str) -> Result<Vec<Entry>, Error>,
        variable: impl Fn(&str) -> Option<u64>,
    ) -> Result<Self, Error> {
        let mut tables = Self::default();
        for (key, value) in entries("counts")? {
            tables.rows.push(row(&key, &value).ok_or_else(|| foreign("counts"))?);
        }
        for (id, value) in entries("stackmap")? {
            let id = id.try_into().map(u32::from_le_bytes).map_err(|_| foreign("stackmap"))?;
            // A stack ends at the first zero: no instruction lies at address 0.
            let ips = words(&value).take_while(|ip| *ip != 0).collect();
            tables.stacks.insert(id.into(), ips);
        }
        for (id, value) in entries("collided")? {
            let id = id.try_into().map(i64::from_le_bytes).map_err(|_| foreign("collided"))?;
            let mut words = words(&value);
            let nr = words.next().unwrap_or(0);
            tables.stacks.insert(id, words.take(nr as usize).collect());
        }
        let variable = |name| variable(name).ok_or_else(|| foreign(name));
        tables.counted = Counted {
            samples: variable("samples")?,
            uncounted: variable("uncounted")?,
            unplaced: variable("unplaced")?,
        };
        Ok(tables)
    }

    /// The rows of `counts`, in no order.
    #[must_use]
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// A stack by its id, innermost first; empty where the id stands for none.
    #[must_use]
    pub fn stack(&self, id: i64) -> &[u64] {
        self.stacks.get(&id).map_or(&[], Vec::as_slice)
    }

    /// What the program counted in its variables.
    #[must_use]
    pub fn counted(&self) -> Counted {
        self.counted
    }
}

fn foreign(name: &str) -> Error {
    Error::input(format!("`{name}` is not as the built-in profiler has it"))
}

fn words(bytes: &[u8]) -> impl Iterator<Item = u64> {
    bytes.as_chunks().0.iter().map(|word| u64::from_le_bytes(*word))
}

/// `struct profile_key` and its count.
fn row(key: &[u8], value: &[u8]) -> Option<Row> {
    let key: &[u8; KEY_BYTES] = key.try_into().ok()?;
    let (ids, comm) = key.split_at(24);
    let mut ids = words(ids);
    let (user, kernel) = (ids.next()?.cast_signed(), ids.next()?.cast_signed());
    let pid_and_group = ids.next()?;
    let (pid, group) = (Pid(pid_and_group as u32), (pid_and_group >> 32) as u32);
    let comm = comm.split(|byte| *byte == 0).next()?;
    let samples = u64::from_le_bytes(value.try_into().ok()?);
    let comm = String::from_utf8_lossy(comm).into_owned();
    Some(Row { pid, comm, user, kernel, group, samples })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_as_the_program_lays_it_out() {
        let mut key = Vec::new();
        key.extend((-14i64).to_le_bytes());
        key.extend(7i64.to_le_bytes());
        key.extend(1234u32.to_le_bytes());
        key.extend(9u32.to_le_bytes());
        key.extend(b"bee\0garbage\0\0\0\0\0");
        let read = row(&key, &5u64.to_le_bytes()).unwrap();
        let comm = "bee".to_owned();
        let pid = Pid(1234);
        assert_eq!(read, Row { pid, comm, user: -14, kernel: 7, group: 9, samples: 5 });
        assert_eq!(row(&key[1..], &5u64.to_le_bytes()), None);
        assert_eq!(row(&key, &[0; 4]), None);
    }
}
