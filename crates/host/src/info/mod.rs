//! What the kernel knows of programs, maps, links and types: `BPF_OBJ_GET_INFO_BY_FD`.

mod link;

use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use skep_abi::{MapType, ProgType};

use crate::HostError;
use crate::sys::info;

pub use link::{LinkInfo, LinkTarget};

/// A name as the kernel keeps it: up to its zero byte.
pub(crate) fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end]).into_owned()
}

/// A program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProgInfo {
    /// Id.
    pub id: u32,
    /// `enum bpf_prog_type`.
    pub kind: u32,
    /// The same as a word; none for one that is newer than skep.
    pub prog_type: Option<ProgType>,
    /// Name, of which the kernel keeps 15 bytes.
    pub name: String,
    /// A hash of the insns.
    pub tag: [u8; 8],
    /// Bytes of native code; 0 where it is interpreted.
    pub jited_len: u32,
    /// Ids of its maps.
    pub maps: Vec<u32>,
    /// Id of its types; 0 without.
    pub btf: u32,
    /// When it was loaded, since the system started.
    pub loaded_at: Duration,
    /// User that loaded it.
    pub uid: u32,
    /// Whether its licence is compatible with the GPL.
    pub gpl_compatible: bool,
    /// Insns that the verifier looked at (5.16).
    pub verified_insns: u32,
    /// How long it ran, while this is measured ([`crate::measure_runs`]).
    pub run_time: Duration,
    /// How often.
    pub run_count: u64,
    /// How often not, since it was running already.
    pub recursion_misses: u64,
    /// What it attaches to: id of the types and in the types; 0 without.
    pub attach_btf: (u32, u32),
    /// The insns as the verifier left them; empty where the kernel keeps them to itself.
    pub insns: Vec<[u8; 8]>,
}

impl ProgInfo {
    /// Asks about a program's descriptor.
    ///
    /// # Errors
    /// When it is none, or the kernel does not tell.
    pub fn of(program: BorrowedFd<'_>) -> Result<Self, HostError> {
        let (info, maps, insns) =
            info::prog(program).map_err(|error| HostError::new("tell about a program", &error))?;
        Ok(Self {
            id: info.id,
            kind: info.kind,
            prog_type: ProgType::from_number(info.kind),
            name: text(&info.name),
            tag: info.tag,
            jited_len: info.jited_prog_len,
            maps,
            btf: info.btf_id,
            loaded_at: Duration::from_nanos(info.load_time),
            uid: info.created_by_uid,
            gpl_compatible: info.gpl_compatible & 1 == 1,
            verified_insns: info.verified_insns,
            run_time: Duration::from_nanos(info.run_time_ns),
            run_count: info.run_cnt,
            recursion_misses: info.recursion_misses,
            attach_btf: (info.attach_btf_obj_id, info.attach_btf_id),
            insns,
        })
    }
}

/// A map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MapInfo {
    /// Id.
    pub id: u32,
    /// `enum bpf_map_type`.
    pub kind: u32,
    /// The same as a word; none for one that is newer than skep.
    pub map_type: Option<MapType>,
    /// Name, of which the kernel keeps 15 bytes.
    pub name: String,
    /// Bytes of a key.
    pub key_size: u32,
    /// Bytes of a value.
    pub value_size: u32,
    /// Elements.
    pub max_entries: u32,
    /// `BPF_F_*`.
    pub flags: u32,
    /// `map_extra`.
    pub extra: u64,
    /// Id of its types, and of key and value in them; 0 without.
    pub btf: (u32, u32, u32),
    /// Type of the value in the kernel's own types, for structs of operations; 0 for others.
    pub kernel_value_type: u32,
}

impl MapInfo {
    /// Asks about a map's descriptor.
    ///
    /// # Errors
    /// When it is none, or the kernel does not tell.
    pub fn of(map: BorrowedFd<'_>) -> Result<Self, HostError> {
        let info = info::map(map).map_err(|error| HostError::new("tell about a map", &error))?;
        Ok(Self {
            id: info.id,
            kind: info.kind,
            map_type: MapType::from_number(info.kind),
            name: text(&info.name),
            key_size: info.key_size,
            value_size: info.value_size,
            max_entries: info.max_entries,
            flags: info.map_flags,
            extra: info.map_extra,
            btf: (info.btf_id, info.btf_key_type_id, info.btf_value_type_id),
            kernel_value_type: info.btf_vmlinux_value_type_id,
        })
    }
}

/// Types.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BtfInfo {
    /// Id.
    pub id: u32,
    /// `vmlinux`, or the module's name; empty for types of programs.
    pub name: String,
    /// Whether they are the kernel's or a module's.
    pub is_kernel: bool,
    /// The types, as `skep_btf::Btf::parse` takes them; a module's build on the kernel's.
    pub bytes: Vec<u8>,
}

impl BtfInfo {
    /// Asks about the descriptor of types.
    ///
    /// # Errors
    /// When it is none, or the kernel does not tell.
    pub fn of(btf: BorrowedFd<'_>) -> Result<Self, HostError> {
        let (info, name, bytes) =
            info::btf(btf).map_err(|error| HostError::new("tell about types", &error))?;
        Ok(Self { id: info.id, name: text(&name), is_kernel: info.kernel_btf != 0, bytes })
    }

    /// Asks about types by their id.
    ///
    /// # Errors
    /// When there are none, or this process may not ask.
    pub fn by_id(id: u32) -> Result<Self, HostError> {
        let fd = crate::sys::id::open(crate::sys::Command::BtfGetFdById, id)
            .map_err(|error| HostError::new(format!("open types {id}"), &error))?;
        Self::of(fd.as_fd())
    }
}
