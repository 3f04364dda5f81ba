//! Maps: `BPF_MAP_*`.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use skep_abi::MapType;

use super::{Command, addr, addr_mut, bpf, limit, number, owned};

/// Head of `union bpf_attr` for `BPF_MAP_CREATE`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct MapCreate {
    pub(crate) map_type: u32,
    pub(crate) key_size: u32,
    pub(crate) value_size: u32,
    pub(crate) max_entries: u32,
    pub(crate) map_flags: u32,
    pub(crate) inner_map_fd: u32,
    pub(crate) numa_node: u32,
    pub(crate) map_name: [u8; 16],
    pub(crate) map_ifindex: u32,
    pub(crate) btf_fd: u32,
    pub(crate) btf_key_type_id: u32,
    pub(crate) btf_value_type_id: u32,
    pub(crate) btf_vmlinux_value_type_id: u32,
    pub(crate) map_extra: u64,
}

/// Head of `union bpf_attr` for the commands on one element.
#[repr(C)]
#[derive(Default)]
struct MapElem {
    map_fd: u32,
    zero: u32,
    key: u64,
    value: u64,
    flags: u64,
}

/// Head of `union bpf_attr` for the commands on many elements.
#[repr(C)]
#[derive(Default)]
struct MapBatch {
    in_batch: u64,
    out_batch: u64,
    keys: u64,
    values: u64,
    count: u32,
    map_fd: u32,
    elem_flags: u64,
    flags: u64,
}

/// A map and the lengths that the kernel reads and writes of its keys and values: made here only, so that no wrapper
/// below can be given memory that is too short.
#[derive(Debug)]
pub(crate) struct MapFd {
    fd: OwnedFd,
    key_len: usize,
    /// None where the number of CPUs is not known.
    value_len: Option<usize>,
}

/// Where a walk over a map in batches stands.
#[derive(Debug, Default)]
pub(crate) struct Cursor(Option<Vec<u8>>);

impl AsFd for MapFd {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// Bytes of a value as user space sees it: `bpf_map_value_size` of the kernel.
fn value_len(kind: u32, value_size: u32) -> Option<usize> {
    use MapType as M;
    match MapType::from_number(kind) {
        Some(M::PercpuHash | M::PercpuArray | M::LruPercpuHash | M::PercpuCgroupStorage) => {
            let one = (value_size as usize).next_multiple_of(8);
            one.checked_mul(limit::values_per_key()? as usize)
        }
        // Descriptors go in, ids come out.
        Some(
            M::ProgArray | M::PerfEventArray | M::CgroupArray | M::ArrayOfMaps | M::HashOfMaps,
        ) => Some(4),
        Some(_) => Some(value_size as usize),
        // A kind that is newer than this list: nothing is known of its values.
        None => None,
    }
}

fn invalid<T>() -> io::Result<T> {
    Err(io::Error::from_raw_os_error(libc::EINVAL))
}

impl MapFd {
    /// Creates a map.
    pub(crate) fn create(attr: &MapCreate) -> io::Result<Self> {
        let fd = bpf(Command::MapCreate, &mut { *attr }).map(owned)?;
        Ok(Self {
            fd,
            key_len: attr.key_size as usize,
            value_len: value_len(attr.map_type, attr.value_size),
        })
    }

    /// Takes a descriptor of any map, whose lengths are asked for.
    pub(crate) fn of_fd(fd: OwnedFd) -> io::Result<(Self, super::info::MapInfo)> {
        let info = super::info::map(fd.as_fd())?;
        let map = Self {
            fd,
            key_len: info.key_size as usize,
            value_len: value_len(info.kind, info.value_size),
        };
        Ok((map, info))
    }

    /// Bytes of a key.
    pub(crate) fn key_len(&self) -> usize {
        self.key_len
    }

    /// Bytes of a value as user space sees it, of all CPUs together.
    pub(crate) fn value_len(&self) -> io::Result<usize> {
        self.value_len.ok_or_else(|| io::Error::from_raw_os_error(libc::EOPNOTSUPP))
    }

    fn elem(&self, key: &[u8], value: u64, flags: u64) -> io::Result<MapElem> {
        if key.len() != self.key_len {
            return invalid();
        }
        Ok(MapElem { map_fd: number(self.as_fd()), zero: 0, key: addr(key), value, flags })
    }

    fn read(&self, command: Command, key: &[u8], flags: u64) -> io::Result<Vec<u8>> {
        let mut value = vec![0; self.value_len()?];
        let mut attr = self.elem(key, addr_mut(&mut value), flags)?;
        bpf(command, &mut attr)?;
        Ok(value)
    }

    /// Reads an element.
    pub(crate) fn lookup(&self, key: &[u8], flags: u64) -> io::Result<Vec<u8>> {
        self.read(Command::MapLookupElem, key, flags)
    }

    /// Reads an element and removes it.
    pub(crate) fn take(&self, key: &[u8], flags: u64) -> io::Result<Vec<u8>> {
        self.read(Command::MapLookupAndDeleteElem, key, flags)
    }

    /// Asks whether a bloom filter may hold a value, which is read instead of written.
    pub(crate) fn peek(&self, value: &[u8]) -> io::Result<()> {
        if value.len() != self.value_len()? {
            return invalid();
        }
        // The kernel gets memory of its own to write to.
        let mut value = value.to_vec();
        let mut attr = self.elem(&[], addr_mut(&mut value), 0)?;
        bpf(Command::MapLookupElem, &mut attr).map(drop)
    }

    /// Sets an element.
    pub(crate) fn update(&self, key: &[u8], value: &[u8], flags: u64) -> io::Result<()> {
        if value.len() != self.value_len()? {
            return invalid();
        }
        let mut attr = self.elem(key, addr(value), flags)?;
        bpf(Command::MapUpdateElem, &mut attr).map(drop)
    }

    /// Removes an element.
    pub(crate) fn delete(&self, key: &[u8]) -> io::Result<()> {
        bpf(Command::MapDeleteElem, &mut self.elem(key, 0, 0)?).map(drop)
    }

    /// The key after a key, or the first.
    pub(crate) fn next_key(&self, key: Option<&[u8]>) -> io::Result<Vec<u8>> {
        let mut next = vec![0; self.key_len];
        let mut attr = match key {
            Some(key) => self.elem(key, addr_mut(&mut next), 0)?,
            None => MapElem {
                map_fd: number(self.as_fd()),
                value: addr_mut(&mut next),
                ..MapElem::default()
            },
        };
        bpf(Command::MapGetNextKey, &mut attr)?;
        Ok(next)
    }

    /// Makes a map read-only for user space.
    pub(crate) fn freeze(&self) -> io::Result<()> {
        let mut attr = MapElem { map_fd: number(self.as_fd()), ..MapElem::default() };
        bpf(Command::MapFreeze, &mut attr).map(drop)
    }

    /// Reads up to `count` elements from where the cursor stands and moves it: keys and values in rows, and whether
    /// these were the last.
    pub(crate) fn lookup_batch(
        &self,
        cursor: &mut Cursor,
        count: u32,
    ) -> io::Result<(Vec<u8>, Vec<u8>, bool)> {
        let value_len = self.value_len()?;
        let room = |len: usize| len.checked_mul(count as usize).map(|len| vec![0; len]);
        let (Some(mut keys), Some(mut values)) = (room(self.key_len), room(value_len)) else {
            return invalid();
        };
        // Arrays and tries hand out a key, hash tables the number of a bucket.
        let mut next = vec![0; self.key_len.max(8)];
        let mut attr = MapBatch {
            in_batch: cursor.0.as_deref().map_or(0, addr),
            out_batch: addr_mut(&mut next),
            keys: addr_mut(&mut keys),
            values: addr_mut(&mut values),
            count,
            map_fd: number(self.as_fd()),
            elem_flags: 0,
            flags: 0,
        };
        let answer = bpf(Command::MapLookupBatch, &mut attr);
        let is_last = match answer {
            Ok(_) => false,
            Err(error) if error.raw_os_error() == Some(libc::ENOENT) => true,
            Err(error) => return Err(error),
        };
        let found = attr.count.min(count) as usize;
        keys.truncate(found * self.key_len);
        values.truncate(found * value_len);
        cursor.0 = Some(next);
        Ok((keys, values, is_last))
    }
}
