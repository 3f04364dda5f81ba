//! An object's types as the kernel takes them: `bpf_object__sanitize_and_load_btf` of libbpf.
//!
//! Sizes of sections and the linkage of hidden functions are filled in when the object is parsed. What is left are the
//! externs, which the kernel knows no types for, and names that old kernels refuse. Only words of fixed places change,
//! so that every id and every string's offset stays what it was.

use std::os::fd::OwnedFd;

use skep_btf::{Btf, Kind, Type, TypeId};

use crate::{HostError, sys};

/// BTF in the kernel.
#[derive(Debug)]
pub struct KernelBtf {
    pub(crate) fd: OwnedFd,
}

/// Bytes of the header, and of a type's head.
const HEADER: usize = 24;
const TAIL: usize = 12;
/// What an extern of `.ksyms` is called in its section, as libbpf has it.
const DUMMY: &str = "dummy_ksym";

/// Loads an object's types.
///
/// # Errors
/// When the kernel refuses them, with its log.
pub fn load(btf: &Btf) -> Result<KernelBtf, HostError> {
    let mut bytes = externs(btf);
    let first = match sys::btf_load(&bytes, &mut []) {
        Ok(fd) => return Ok(KernelBtf { fd }),
        Err(error) => error,
    };
    if plain_section_names(btf, &mut bytes)
        && let Ok(fd) = sys::btf_load(&bytes, &mut [])
    {
        return Ok(KernelBtf { fd });
    }
    let mut log = vec![0; 1 << 16];
    let again = sys::btf_load(&bytes, &mut log);
    let error = again.err().unwrap_or(first);
    Err(HostError::new("load the object's types", &error).with_log(&log))
}

/// The bytes with externs made plain: functions global, variables plain integers of 4 bytes in a row.
fn externs(btf: &Btf) -> Vec<u8> {
    let bytes = btf.to_bytes();
    let section = btf.ids().find_map(|id| match btf.ty(id) {
        Type::DataSec(section) if section.name == ".ksyms" => Some((id, section)),
        _ => None,
    });
    let Some((section_id, section)) = section else { return bytes };
    let mut words = Words::new(bytes);
    let int = btf.ids().find(|&id| matches!(btf.ty(id), Type::Int(int) if int.bits == 32));
    let int = int.unwrap_or_else(|| words.append_int());
    let dummy_name = words.add_string(DUMMY);
    let dummy = words.append_var(dummy_name, int);
    for (index, var) in section.vars().enumerate() {
        match btf.ty(var.ty) {
            Type::Func { proto, .. } => {
                words.set(var.ty, 4, (Kind::Func as u32) << 24 | 1);
                if let Type::FuncProto(proto_type) = btf.ty(proto) {
                    for (at, param) in proto_type.params().enumerate() {
                        if param.name.is_empty() && param.ty != TypeId::VOID {
                            words.set(proto, TAIL + at * 8, dummy_name);
                        }
                    }
                }
                words.set(section_id, TAIL + index * 12, dummy.0);
            }
            _ => {
                words.set(var.ty, 8, int.0);
                words.set(var.ty, TAIL, 1);
            }
        }
        words.set(section_id, TAIL + index * 12 + 4, index as u32 * 4);
        words.set(section_id, TAIL + index * 12 + 8, 4);
    }
    words.set(section_id, 8, section.len() as u32 * 4);
    words.finish()
}

/// Replaces what kernels before 6.9 refuse in names of sections (`?.struct_ops`); whether there was any.
fn plain_section_names(btf: &Btf, bytes: &mut [u8]) -> bool {
    let word = |at: usize| {
        bytes.get(at..at + 4).and_then(|b| b.try_into().ok()).map_or(0, u32::from_le_bytes)
    };
    let strings = HEADER + word(12) as usize;
    let words = Words::new(bytes.to_vec());
    let mut changed = false;
    for id in btf.ids().filter(|&id| btf.kind(id) == Kind::DataSec) {
        let name = words.get(id, 0).map_or(0, |name| name as usize);
        if let Some(first) = bytes.get_mut(strings + name).filter(|first| **first == b'?') {
            *first = b'_';
            changed = true;
        }
    }
    changed
}

/// BTF as sections of words and strings, with the place of each type.
struct Words {
    types: Vec<u8>,
    strings: Vec<u8>,
    starts: Vec<usize>,
}

impl Words {
    /// `bytes` are those of a [`Btf`], so their structure holds.
    fn new(bytes: Vec<u8>) -> Self {
        let word = |bytes: &[u8], at: usize| {
            bytes.get(at..at + 4).and_then(|b| b.try_into().ok()).map_or(0, u32::from_le_bytes)
        };
        let end = (HEADER + word(&bytes, 12) as usize).min(bytes.len());
        let (types, strings) = (bytes[HEADER.min(end)..end].to_vec(), bytes[end..].to_vec());
        let (mut starts, mut at) = (Vec::new(), 0);
        while at + TAIL <= types.len() {
            starts.push(at);
            let info = word(&types, at + 4);
            let len = (info & 0xffff) as usize;
            at += TAIL
                + match info >> 24 & 0x1f {
                    1 | 14 | 17 => 4,
                    3 => 12,
                    4 | 5 | 15 | 19 => 12 * len,
                    6 | 13 => 8 * len,
                    _ => 0,
                };
        }
        Self { types, strings, starts }
    }

    fn place(&self, id: TypeId, offset: usize) -> Option<usize> {
        Some(self.starts.get((id.0 as usize).checked_sub(1)?)? + offset)
    }

    fn get(&self, id: TypeId, offset: usize) -> Option<u32> {
        let at = self.place(id, offset)?;
        self.types.get(at..at + 4)?.try_into().ok().map(u32::from_le_bytes)
    }

    fn set(&mut self, id: TypeId, offset: usize, value: u32) {
        let at = self.place(id, offset);
        if let Some(word) = at.and_then(|at| self.types.get_mut(at..at + 4)) {
            word.copy_from_slice(&value.to_le_bytes());
        }
    }

    fn add_string(&mut self, text: &str) -> u32 {
        let at = self.strings.len() as u32;
        self.strings.extend(text.as_bytes());
        self.strings.push(0);
        at
    }

    fn append_words(&mut self, words: &[u32]) -> TypeId {
        self.starts.push(self.types.len());
        self.types.extend(words.iter().flat_map(|word| word.to_le_bytes()));
        TypeId(self.starts.len() as u32)
    }

    /// A global variable.
    fn append_var(&mut self, name: u32, ty: TypeId) -> TypeId {
        self.append_words(&[name, (Kind::Var as u32) << 24, ty.0, 1])
    }

    /// `int`.
    fn append_int(&mut self) -> TypeId {
        const SIGNED: u32 = 1 << 24;
        let name = self.add_string("int");
        self.append_words(&[name, (Kind::Int as u32) << 24, 4, SIGNED | 32])
    }

    fn finish(self) -> Vec<u8> {
        let (types, strings) = (self.types.len() as u32, self.strings.len() as u32);
        let mut bytes = vec![0x9f, 0xeb, 1, 0];
        for word in [HEADER as u32, 0, types, types, strings] {
            bytes.extend(word.to_le_bytes());
        }
        bytes.extend(self.types);
        bytes.extend(self.strings);
        bytes
    }
}
