//! Types back to BTF bytes: for reduced profiles, for what is loaded into a kernel, and for tests.

mod def;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

pub use def::{EnumValueDef, MemberDef, ParamDef, TypeDef};

use crate::{Btf, Kind, TypeId};

/// Builds BTF type by type. Ids are given in the order of the calls, from 1 (or where the base ends);
/// types may refer to ids that come later. Nothing is checked but that it can be written: parse the result.
#[derive(Clone, Debug)]
pub struct BtfBuilder {
    words: Vec<u32>,
    strings: Vec<u8>,
    offsets: HashMap<String, u32>,
    first_string: u32,
    next_id: u32,
}

/// Something that BTF has no room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is more than BTF can hold")]
pub struct WriteError(pub &'static str);

impl Default for BtfBuilder {
    fn default() -> Self {
        Self::new()
    }
}

impl BtfBuilder {
    /// Whole BTF.
    pub fn new() -> Self {
        let offsets = HashMap::from([(String::new(), 0)]);
        Self { words: Vec::new(), strings: vec![0], offsets, first_string: 0, next_id: 1 }
    }

    /// BTF split from `base`. Strings of the base are not reused, but for the empty one.
    pub fn split(base: &Btf) -> Self {
        Self {
            strings: Vec::new(),
            first_string: base.parsed().strings_end(),
            next_id: base.len(),
            ..Self::new()
        }
    }

    /// The id that the next type gets.
    pub fn next_id(&self) -> TypeId {
        TypeId(self.next_id)
    }

    /// Adds a type.
    ///
    /// # Errors
    /// When it has more parts than BTF can count, or ids or strings run out.
    pub fn push(&mut self, def: &TypeDef) -> Result<TypeId, WriteError> {
        def.write(self)?;
        let id = TypeId(self.next_id);
        self.next_id = self.next_id.checked_add(1).ok_or(WriteError("the number of types"))?;
        Ok(id)
    }

    /// The offset of a string, added if it is new. A NUL ends it.
    fn string(&mut self, text: &str) -> Result<u32, WriteError> {
        let text = text.split('\0').next().unwrap_or("");
        if let Some(&offset) = self.offsets.get(text) {
            return Ok(offset);
        }
        let offset = u32::try_from(self.strings.len()).ok();
        let offset = offset.and_then(|offset| offset.checked_add(self.first_string));
        let offset = offset.ok_or(WriteError("the strings"))?;
        self.strings.extend(text.bytes());
        self.strings.push(0);
        self.offsets.insert(text.to_owned(), offset);
        Ok(offset)
    }

    /// Writes the three words that every type starts with.
    fn head(
        &mut self,
        kind: Kind,
        name: &str,
        flag: bool,
        vlen: usize,
        third: u32,
    ) -> Result<(), WriteError> {
        let vlen = u32::try_from(vlen).ok().filter(|&vlen| vlen <= 0xffff);
        let vlen = vlen.ok_or(WriteError("a type with over 65,535 parts"))?;
        let name = self.string(name)?;
        self.words.extend([name, u32::from(flag) << 31 | (kind as u32) << 24 | vlen, third]);
        Ok(())
    }

    /// The bytes: header, types, strings.
    ///
    /// # Errors
    /// When types or strings exceed 4 GiB.
    pub fn finish(&self) -> Result<Vec<u8>, WriteError> {
        let types = u32::try_from(self.words.len() * 4).map_err(|_| WriteError("the types"))?;
        let strings = u32::try_from(self.strings.len()).map_err(|_| WriteError("the strings"))?;
        let mut bytes = vec![0x9f, 0xeb, 1, 0];
        for word in [24, 0, types, types, strings].iter().chain(&self.words) {
            bytes.extend(word.to_le_bytes());
        }
        bytes.extend(&self.strings);
        Ok(bytes)
    }
}

impl Btf {
    /// The bytes again, every string at the offset where it was. Split BTF without its base.
    pub fn to_bytes(&self) -> Vec<u8> {
        let parsed = self.parsed();
        // Both sections came out of bytes whose header counts them with 32 bits.
        let types = (parsed.words.len() * 4) as u32;
        let strings = parsed.strings.len() as u32;
        let mut bytes = vec![0x9f, 0xeb, 1, 0];
        for word in [24, 0, types, types, strings].iter().chain(&parsed.words) {
            bytes.extend(word.to_le_bytes());
        }
        bytes.extend(parsed.strings.as_bytes());
        bytes
    }
}
