//! What happened to the kernel's code: KSYMBOL, BPF_EVENT, TEXT_POKE.

use super::RecordError;
use super::cursor::{Cursor, until_nul};

/// `PERF_RECORD_KSYMBOL`: a kernel symbol came or went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KsymbolRecord<'a> {
    /// First address.
    pub addr: u64,
    /// Bytes of code.
    pub len: u32,
    /// 1: a BPF program; 2: code made at run time, such as a kprobe's copy.
    pub kind: u16,
    /// Whether it went.
    pub is_unregister: bool,
    /// Its name.
    pub name: &'a [u8],
}

impl<'a> KsymbolRecord<'a> {
    pub(super) fn parse(cursor: &mut Cursor<'a>, trailer: usize) -> Result<Self, RecordError> {
        Ok(Self {
            addr: cursor.u64("addr")?,
            len: cursor.u32("len")?,
            kind: cursor.u16("ksym_type")?,
            is_unregister: cursor.u16("flags")? & 1 != 0,
            name: until_nul(cursor.all_but("name", trailer)?),
        })
    }
}

/// `PERF_RECORD_BPF_EVENT`: a BPF program was loaded or unloaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BpfEventRecord {
    /// 1: loaded; 2: unloaded.
    pub kind: u16,
    /// Flags, none defined.
    pub flags: u16,
    /// Id of the program.
    pub id: u32,
    /// Its tag.
    pub tag: [u8; 8],
}

impl BpfEventRecord {
    pub(super) fn parse(cursor: &mut Cursor<'_>) -> Result<Self, RecordError> {
        Ok(Self {
            kind: cursor.u16("type")?,
            flags: cursor.u16("flags")?,
            id: cursor.u32("id")?,
            tag: cursor.array("tag")?,
        })
    }
}

/// `PERF_RECORD_TEXT_POKE`: kernel code was changed in place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextPokeRecord<'a> {
    /// Where.
    pub addr: u64,
    /// The bytes before.
    pub old: &'a [u8],
    /// The bytes after.
    pub new: &'a [u8],
}

impl<'a> TextPokeRecord<'a> {
    pub(super) fn parse(cursor: &mut Cursor<'a>) -> Result<Self, RecordError> {
        let addr = cursor.u64("addr")?;
        let old_len = cursor.u16("old_len")?;
        let new_len = cursor.u16("new_len")?;
        let old = cursor.bytes("old bytes", u64::from(old_len))?;
        let new = cursor.bytes("new bytes", u64::from(new_len))?;
        Ok(Self { addr, old, new })
    }
}
