//! `PERF_RECORD_MMAP` and `PERF_RECORD_MMAP2`: something was mapped.

use skep_abi::Pid;

use super::cursor::{Cursor, until_nul};
use super::sample_id::pid_tid;
use super::{Misc, RecordError};

/// A mapping that came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MmapRecord<'a> {
    /// Process.
    pub pid: Pid,
    /// Thread that mapped.
    pub tid: Pid,
    /// First address.
    pub addr: u64,
    /// Bytes.
    pub len: u64,
    /// Offset in the file, in bytes.
    pub pgoff: u64,
    /// What MMAP2 says besides.
    pub file: Option<MmapFile>,
    /// Path, or a name such as `[vdso]` or `//anon`.
    pub filename: &'a [u8],
    /// Whether the record says that it is data; else it is code.
    pub is_data: bool,
}

/// What `PERF_RECORD_MMAP2` says of the mapped file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MmapFile {
    /// Which file it is.
    pub identity: FileIdentity,
    /// `PROT_*` bits.
    pub prot: u32,
    /// `MAP_*` bits.
    pub flags: u32,
}

/// How a mapped file is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileIdentity {
    /// By its place on a file system.
    Inode {
        /// Major number of the device.
        maj: u32,
        /// Minor number of the device.
        min: u32,
        /// Inode.
        ino: u64,
        /// Generation of the inode.
        ino_generation: u64,
    },
    /// By the build id of its contents.
    BuildId(BuildId),
}

/// A build id of up to 20 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BuildId {
    bytes: [u8; 20],
    size: u8,
}

impl BuildId {
    /// The id's bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.size)).unwrap_or_default()
    }
}

impl<'a> MmapRecord<'a> {
    pub(super) fn parse(
        cursor: &mut Cursor<'a>,
        misc: Misc,
        has_file: bool,
        trailer: usize,
    ) -> Result<Self, RecordError> {
        let (pid, tid) = pid_tid(cursor)?;
        let addr = cursor.u64("addr")?;
        let len = cursor.u64("len")?;
        let pgoff = cursor.u64("pgoff")?;
        let file = has_file.then(|| file(cursor, misc)).transpose()?;
        let filename = until_nul(cursor.all_but("filename", trailer)?);
        Ok(Self { pid, tid, addr, len, pgoff, file, filename, is_data: misc.is_mmap_data() })
    }
}

fn file(cursor: &mut Cursor<'_>, misc: Misc) -> Result<MmapFile, RecordError> {
    let identity = if misc.is_mmap_build_id() {
        let size = cursor.u8("build_id_size")?;
        cursor.bytes("reserved", 3)?;
        let bytes = cursor.array("build_id")?;
        if size > 20 {
            return Err(RecordError::BuildIdSize { size });
        }
        FileIdentity::BuildId(BuildId { bytes, size })
    } else {
        FileIdentity::Inode {
            maj: cursor.u32("maj")?,
            min: cursor.u32("min")?,
            ino: cursor.u64("ino")?,
            ino_generation: cursor.u64("ino_generation")?,
        }
    };
    Ok(MmapFile { identity, prot: cursor.u32("prot")?, flags: cursor.u32("flags")? })
}
