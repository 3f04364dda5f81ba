//! One element at a time: `BPF_MAP_LOOKUP_ELEM`, `_UPDATE_`, `_DELETE_`, `_LOOKUP_AND_DELETE_`.

use std::io;
use std::os::fd::{AsFd, AsRawFd};

use skep_abi::{Errno, MapType};

use super::Map;
use crate::HostError;
use crate::error::errno;

/// When an update is done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UpdateFlag {
    /// In any case.
    #[default]
    Any,
    /// When the key has no value yet.
    NoExist,
    /// When it has one.
    Exist,
}

impl UpdateFlag {
    const fn bits(self) -> u64 {
        match self {
            Self::Any => 0,
            Self::NoExist => 1,
            Self::Exist => 2,
        }
    }
}

fn present(answer: io::Result<Vec<u8>>) -> io::Result<Option<Vec<u8>>> {
    match answer {
        Ok(value) => Ok(Some(value)),
        Err(error) if errno(&error) == Errno::ENOENT => Ok(None),
        Err(error) => Err(error),
    }
}

impl Map {
    /// The value of a key; of a map with a value per CPU the values of all possible CPUs in a row, each padded to 8
    /// bytes ([`Self::per_cpu`] takes them apart). Queues and stacks have an empty key and give the next value without
    /// removing it; maps of maps give the inner map's id.
    ///
    /// # Errors
    /// When the key's length is not the map's (-EINVAL), or the kernel refuses.
    pub fn lookup(&self, key: &[u8]) -> Result<Option<Vec<u8>>, HostError> {
        present(self.fd.lookup(key, 0)).map_err(|error| self.refused("read", &error))
    }

    /// The same for values that programs change under a `bpf_spin_lock`.
    ///
    /// # Errors
    /// As [`Self::lookup`]; -EINVAL when values have no lock.
    pub fn lookup_locked(&self, key: &[u8]) -> Result<Option<Vec<u8>>, HostError> {
        const LOCK: u64 = 4;
        present(self.fd.lookup(key, LOCK)).map_err(|error| self.refused("read", &error))
    }

    /// The value of a key, which is removed: of hash tables (5.14), queues and stacks.
    ///
    /// # Errors
    /// When the key's length is not the map's (-EINVAL), or the kernel refuses.
    pub fn take(&self, key: &[u8]) -> Result<Option<Vec<u8>>, HostError> {
        present(self.fd.take(key, 0))
            .map_err(|error| self.refused("take an element out of", &error))
    }

    /// The values of each possible CPU of what [`Self::lookup`] gave, in the order of the CPUs.
    #[must_use]
    pub fn per_cpu(&self, value: &[u8]) -> Vec<Vec<u8>> {
        let size = self.value_size();
        if !self.is_percpu() {
            return vec![value.to_vec()];
        }
        value
            .chunks(size.next_multiple_of(8).max(8))
            .map(|one| one[..size.min(one.len())].to_vec())
            .collect()
    }

    /// Sets an element; of a map with a value per CPU the values of all possible CPUs, as [`Self::lookup`] gives them.
    ///
    /// # Errors
    /// When the lengths are not the map's (-EINVAL), or the kernel refuses.
    pub fn update(&self, key: &[u8], value: &[u8]) -> Result<(), HostError> {
        self.update_if(key, value, UpdateFlag::Any)
    }

    /// Sets an element if it is there, or if it is not.
    ///
    /// # Errors
    /// When the lengths are not the map's (-EINVAL), or the kernel refuses: -EEXIST, -ENOENT for the condition, -E2BIG
    /// for a full map, -EPERM for a frozen one.
    pub fn update_if(&self, key: &[u8], value: &[u8], flag: UpdateFlag) -> Result<(), HostError> {
        self.update_raw(key, value, flag.bits())
    }

    /// Sets an element with flags as the kernel takes them.
    ///
    /// # Errors
    /// As [`Self::update_if`].
    pub fn update_raw(&self, key: &[u8], value: &[u8], flags: u64) -> Result<(), HostError> {
        self.fd.update(key, value, flags).map_err(|error| self.refused("set an element of", &error))
    }

    /// Puts a descriptor into an element: a map, program, perf event or cgroup.
    ///
    /// # Errors
    /// When the kernel refuses it.
    pub fn set_fd(&self, key: &[u8], fd: &impl AsFd) -> Result<(), HostError> {
        self.update(key, &fd.as_fd().as_raw_fd().to_ne_bytes())
    }

    /// Removes an element; whether there was one. An element of an array can only be emptied if it holds a
    /// descriptor.
    ///
    /// # Errors
    /// When the key's length is not the map's (-EINVAL), or the kernel refuses.
    pub fn delete(&self, key: &[u8]) -> Result<bool, HostError> {
        match self.fd.delete(key) {
            Ok(()) => Ok(true),
            Err(error) if errno(&error) == Errno::ENOENT => Ok(false),
            Err(error) => Err(self.refused("remove an element of", &error)),
        }
    }

    /// Whether a bloom filter may hold a value.
    ///
    /// # Errors
    /// When the map is of another kind or the value's length is not its (-EINVAL), or the kernel refuses.
    pub fn may_hold(&self, value: &[u8]) -> Result<bool, HostError> {
        if self.kind() != Some(MapType::BloomFilter) {
            let error = io::Error::from_raw_os_error(libc::EINVAL);
            return Err(self.refused("ask for a value of", &error));
        }
        match self.fd.peek(value) {
            Ok(()) => Ok(true),
            Err(error) if errno(&error) == Errno::ENOENT => Ok(false),
            Err(error) => Err(self.refused("ask for a value of", &error)),
        }
    }

    /// Makes it read-only for user space: then the verifier takes the values of a map that programs cannot write
    /// either for constants.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn freeze(&self) -> Result<(), HostError> {
        self.fd.freeze().map_err(|error| self.refused("freeze", &error))
    }
}
