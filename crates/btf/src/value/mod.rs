//! Values as JSON: bytes and their type in, what a reader wants to see out.
//!
//! | type | JSON |
//! |---|---|
//! | integers up to 32 bits, floats | number |
//! | wider integers | string, decimal |
//! | pointers | string, `0x…` |
//! | `char[]` | string up to NUL if printable UTF-8, else `{"hex": …}` |
//! | enums | `{"name", "value"}`, the name null where no enumerator has the value |
//! | structs | object; members of anonymous structs and unions among their parent's |
//! | unions | object with all members |
//! | arrays | array |
//! | no type, or too few bytes for it | `{"hex": …}` |

mod number;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value};

use crate::types::{Array, Composite, DataSec, Enum};
use crate::{Btf, Type, TypeId};
use number::Bits;

/// Prints values of the types of one BTF.
#[derive(Clone, Copy, Debug)]
pub struct ValuePrinter<'a> {
    btf: &'a Btf,
    depth: u32,
}

/// Bytes without a type.
pub fn hex(bytes: &[u8]) -> Value {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        for nibble in [byte >> 4, byte & 15] {
            text.extend(char::from_digit(u32::from(nibble), 16));
        }
    }
    let mut object = Map::new();
    object.insert("hex".to_owned(), Value::String(text));
    Value::Object(object)
}

impl<'a> ValuePrinter<'a> {
    /// A printer that follows structs and arrays as deep as they nest.
    pub fn new(btf: &'a Btf) -> Self {
        Self { btf, depth: u32::MAX }
    }

    /// Prints structs and arrays that nest deeper than this as hex; 0 prints any of them so.
    #[must_use]
    pub fn max_depth(mut self, depth: u32) -> Self {
        self.depth = depth;
        self
    }

    /// The value that `bytes` hold. Bytes beyond the type's size are ignored.
    pub fn value(&self, ty: TypeId, bytes: &[u8]) -> Value {
        // Overlapping union members cost more than their bytes; arrays of empty structs cost without any.
        let left = bytes.len().saturating_mul(16).saturating_add(1 << 16);
        Walk { btf: self.btf, left }.value(ty, bytes, self.depth)
    }
}

/// One value on its way, with a bound on how many parts it may come to.
struct Walk<'a> {
    btf: &'a Btf,
    left: usize,
}

impl<'a> Walk<'a> {
    fn value(&mut self, id: TypeId, bytes: &[u8], depth: u32) -> Value {
        let size = self.btf.size_of(id).and_then(|size| usize::try_from(size).ok());
        let Some(bytes) = size.and_then(|size| bytes.get(..size)) else { return hex(bytes) };
        if self.left == 0 {
            return hex(bytes);
        }
        self.left -= 1;
        match self.btf.resolved(id) {
            Type::Int(int) => number::int(int, Bits::of(bytes, u64::from(int.offset), int.bits)),
            Type::Ptr { .. } => number::pointer(bytes),
            Type::Enum(enumeration) | Type::Enum64(enumeration) => {
                enumerator(enumeration, Bits::of(bytes, 0, enumeration.size * 8))
            }
            Type::Float { size, .. } => number::float(size, bytes).unwrap_or_else(|| hex(bytes)),
            Type::Var { target, .. } => self.value(target, bytes, depth),
            Type::Array(array) => self.array(array, bytes, depth),
            Type::Struct(composite) | Type::Union(composite) => match depth.checked_sub(1) {
                Some(depth) => {
                    let mut object = Map::new();
                    self.members(composite, bytes, depth, &mut object);
                    Value::Object(object)
                }
                None => hex(bytes),
            },
            Type::DataSec(section) => match depth.checked_sub(1) {
                Some(depth) => self.section(section, bytes, depth),
                None => hex(bytes),
            },
            _ => hex(bytes),
        }
    }

    fn members(
        &mut self,
        composite: Composite<'a>,
        bytes: &[u8],
        depth: u32,
        into: &mut Map<String, Value>,
    ) {
        for member in composite.members() {
            if self.left == 0 {
                return;
            }
            self.left = self.left.saturating_sub(1 + member.name.len() / 64);
            if member.bitfield > 0 {
                if !member.name.is_empty() {
                    let value = self.bitfield(member.ty, bytes, member.bit_offset, member.bitfield);
                    into.insert(member.name.to_owned(), value);
                }
                continue;
            }
            let start = usize::try_from(member.bit_offset / 8).unwrap_or(usize::MAX);
            let rest = bytes.get(start..).unwrap_or(&[]);
            match self.btf.resolved(member.ty).composite() {
                Some(inner) if member.name.is_empty() => self.members(inner, rest, depth, into),
                _ => {
                    into.insert(member.name.to_owned(), self.value(member.ty, rest, depth));
                }
            }
        }
    }

    fn bitfield(&self, ty: TypeId, bytes: &[u8], bit_offset: u32, width: u32) -> Value {
        let bits = Bits::of(bytes, u64::from(bit_offset), width);
        match self.btf.resolved(ty) {
            Type::Int(int) => number::int(int, bits),
            Type::Enum(enumeration) | Type::Enum64(enumeration) => enumerator(enumeration, bits),
            _ => hex(bytes),
        }
    }

    fn array(&mut self, array: Array, bytes: &[u8], depth: u32) -> Value {
        let is_char = match self.btf.resolved(array.element) {
            Type::Int(int) => int.size == 1 && (int.is_char || int.name == "char"),
            _ => false,
        };
        if is_char {
            return text(bytes).unwrap_or_else(|| hex(bytes));
        }
        let size = self.btf.size_of(array.element).and_then(|size| usize::try_from(size).ok());
        let (Some(size), Some(depth)) = (size, depth.checked_sub(1)) else { return hex(bytes) };
        let len = usize::try_from(array.len).unwrap_or(usize::MAX);
        if len > self.left {
            return hex(bytes);
        }
        let elements = (0..len).map(|index| {
            let start = index.saturating_mul(size);
            self.value(array.element, bytes.get(start..).unwrap_or(&[]), depth)
        });
        Value::Array(elements.collect())
    }

    fn section(&mut self, section: DataSec<'a>, bytes: &[u8], depth: u32) -> Value {
        let mut object = Map::new();
        for var in section.vars() {
            let start = usize::try_from(var.offset).unwrap_or(usize::MAX);
            let value = self.value(var.ty, bytes.get(start..).unwrap_or(&[]), depth);
            object.insert(self.btf.name(var.ty).to_owned(), value);
        }
        Value::Object(object)
    }
}

fn enumerator(enumeration: Enum<'_>, bits: Bits) -> Value {
    let number = bits.number(enumeration.is_signed);
    let name = enumeration.values().find(|value| value.number() == number).map(|value| value.name);
    let mut object = Map::new();
    object.insert("name".to_owned(), name.map_or(Value::Null, Value::from));
    object.insert("value".to_owned(), number::decimal(number, enumeration.size > 4));
    Value::Object(object)
}

/// Text up to the first NUL, when all of it can be read.
fn text(bytes: &[u8]) -> Option<Value> {
    let end = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
    let text = std::str::from_utf8(&bytes[..end]).ok()?;
    let is_printable = text.chars().all(|c| !c.is_control() || matches!(c, '\n' | '\r' | '\t'));
    is_printable.then(|| Value::from(text))
}
