//! BTF as words that can be changed in place.

use skep_btf::{Kind, TypeId};

/// Bytes of the header, and of a type's head.
const HEADER: usize = 24;
pub(super) const TAIL: usize = 12;

/// BTF as sections of words and strings, with the place of each type.
pub(super) struct Words {
    types: Vec<u8>,
    strings: Vec<u8>,
    starts: Vec<usize>,
}

impl Words {
    /// `bytes` are those of a [`Btf`], so their structure holds.
    pub(super) fn new(bytes: Vec<u8>) -> Self {
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

    /// The types' ids.
    pub(super) fn ids(&self) -> impl Iterator<Item = TypeId> + use<> {
        (1..=self.starts.len() as u32).map(TypeId)
    }

    /// Kind and length of a type.
    pub(super) fn info(&self, id: TypeId) -> (u32, u32) {
        let info = self.get(id, 4).unwrap_or(0);
        (info >> 24 & 0x1f, info & 0xffff)
    }

    /// The first byte of a string.
    pub(super) fn first_byte(&mut self, string: u32) -> Option<&mut u8> {
        self.strings.get_mut(string as usize)
    }

    /// The bytes of a string, without its zero.
    pub(super) fn string(&mut self, string: u32) -> &mut [u8] {
        let rest = self.strings.get_mut(string as usize..).unwrap_or_default();
        let end = rest.iter().position(|&byte| byte == 0).unwrap_or(rest.len());
        &mut rest[..end]
    }

    fn place(&self, id: TypeId, offset: usize) -> Option<usize> {
        Some(self.starts.get((id.0 as usize).checked_sub(1)?)? + offset)
    }

    pub(super) fn get(&self, id: TypeId, offset: usize) -> Option<u32> {
        let at = self.place(id, offset)?;
        self.types.get(at..at + 4)?.try_into().ok().map(u32::from_le_bytes)
    }

    pub(super) fn set(&mut self, id: TypeId, offset: usize, value: u32) {
        let at = self.place(id, offset);
        if let Some(word) = at.and_then(|at| self.types.get_mut(at..at + 4)) {
            word.copy_from_slice(&value.to_le_bytes());
        }
    }

    pub(super) fn add_string(&mut self, text: &str) -> u32 {
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
    pub(super) fn append_var(&mut self, name: u32, ty: TypeId) -> TypeId {
        self.append_words(&[name, (Kind::Var as u32) << 24, ty.0, 1])
    }

    /// An integer of one byte with a name.
    pub(super) fn append_byte(&mut self, name: u32) -> TypeId {
        self.append_words(&[name, (Kind::Int as u32) << 24, 1, 8])
    }

    /// `int`.
    pub(super) fn append_int(&mut self) -> TypeId {
        const SIGNED: u32 = 1 << 24;
        let name = self.add_string("int");
        self.append_words(&[name, (Kind::Int as u32) << 24, 4, SIGNED | 32])
    }

    pub(super) fn finish(self) -> Vec<u8> {
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
