//! The numbers: `bpf_core_calc_field_relo`, `bpf_core_calc_type_relo`, `bpf_core_calc_enumval_relo` and
//! `bpf_core_calc_relo` of `relo_core.c`. Little-endian.

use super::spec::Spec;
use super::{CoreError, RelocationKind as Ask};
use crate::{Btf, Type, TypeId};

/// What a relocation comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A value for the insn.
    Value(Patch),
    /// The kernel has no such field or enumerator: the insn becomes a call to [`super::POISON_IMM`], which
    /// the verifier refuses if it can be reached.
    Unresolved,
    /// The kernel has the type of this name, but the reduced profile does not hold it: the program is
    /// unsupported, not wrong.
    MissingFromProfile(String),
}

/// How to patch an insn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patch {
    /// What the insn must hold now if `validate`; sign-extended where an enumerator is negative.
    pub orig: u64,
    /// What it must hold then.
    pub new: u64,
    /// Whether an insn that does not hold `orig` is malformed; else the compiler's value may differ.
    pub validate: bool,
    /// Bytes that a load or store of the field moves now; 0 when it does not matter.
    pub orig_size: u32,
    /// Bytes that it must move then.
    pub new_size: u32,
    /// Sizes differ, and neither both are pointers nor both unsigned integers: a load or store (but no
    /// arithmetic) of this field is poisoned.
    pub fail_memsz_adjust: bool,
}

/// An answer before candidates are compared: no patch means poison.
#[derive(Clone, Copy, Debug)]
pub(super) struct Answer(Option<Patch>);

impl PartialEq for Answer {
    /// Candidates must agree on the value alone; sizes are the first one's.
    fn eq(&self, other: &Self) -> bool {
        self.0.map(|patch| patch.new) == other.0.map(|patch| patch.new)
    }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Some(patch) => write!(f, "{}", patch.new),
            None => f.write_str("nothing"),
        }
    }
}

impl From<Answer> for Outcome {
    fn from(answer: Answer) -> Self {
        answer.0.map_or(Self::Unresolved, Self::Value)
    }
}

/// The answer of a `TYPE_ID_LOCAL`.
pub(super) fn local_id(root: TypeId) -> Outcome {
    let id = u64::from(root.0);
    Outcome::Value(Patch {
        orig: id,
        new: id,
        validate: false,
        orig_size: 0,
        new_size: 0,
        fail_memsz_adjust: false,
    })
}

/// The answer of a `TYPE_EXISTS` whose type is known by name alone.
pub(super) fn exists() -> Outcome {
    Outcome::Value(Patch {
        orig: 1,
        new: 1,
        validate: true,
        orig_size: 0,
        new_size: 0,
        fail_memsz_adjust: false,
    })
}

/// One side of a relocation.
#[derive(Clone, Copy, Default)]
struct Side {
    value: u64,
    /// Whether the compiler cannot have meant anything else.
    validate: bool,
    /// The field's size and type, where they matter for the width of a load.
    access: Option<(u64, TypeId)>,
}

/// What `kind` comes to, given the path in the object and the path in the kernel.
pub(super) fn answer(
    kind: Ask,
    local: &Spec<'_>,
    kernel: Option<&Spec<'_>>,
) -> Result<Answer, CoreError> {
    let side = |spec: Option<&Spec<'_>>| {
        if kind.is_field_based() {
            field(kind, spec)
        } else if kind.is_type_based() {
            whole_type(kind, spec).map(Some)
        } else {
            Ok(enumerator(kind, spec))
        }
    };
    let (Some(mine), Some(theirs)) = (side(Some(local))?, side(kernel)?) else {
        return Ok(Answer(None));
    };
    let size =
        |side: &Side| side.access.map_or(0, |(size, _)| u32::try_from(size).unwrap_or(u32::MAX));
    let mut patch = Patch {
        orig: mine.value,
        new: theirs.value,
        validate: mine.validate,
        orig_size: size(&mine),
        new_size: size(&theirs),
        fail_memsz_adjust: false,
    };
    if let (Some((_, mine)), Some((_, theirs)), Some(kernel)) = (mine.access, theirs.access, kernel)
        && patch.orig_size != patch.new_size
    {
        patch.fail_memsz_adjust = !may_resize(local.btf.ty(mine), kernel.btf.ty(theirs));
    }
    Ok(Answer(Some(patch)))
}

/// Whether a load of one may become a load of the other: zero-extension keeps the value.
fn may_resize(mine: Type<'_>, theirs: Type<'_>) -> bool {
    match (mine, theirs) {
        (Type::Ptr { .. }, Type::Ptr { .. }) => true,
        (Type::Int(mine), Type::Int(theirs)) => !mine.is_signed && !theirs.is_signed,
        _ => false,
    }
}

fn size(btf: &Btf, ty: TypeId) -> Result<u64, CoreError> {
    btf.size_of(ty).ok_or(CoreError::NoSize(ty))
}

/// None means that the insn is poisoned.
fn field(kind: Ask, spec: Option<&Spec<'_>>) -> Result<Option<Side>, CoreError> {
    if kind == Ask::FieldExists {
        return Ok(Some(Side { value: u64::from(spec.is_some()), validate: true, access: None }));
    }
    let Some(spec) = spec else { return Ok(None) };
    let btf = spec.btf;
    let last = spec.steps.last().ok_or(CoreError::NoRoot(spec.root))?;
    if last.name.is_none() {
        let bytes = size(btf, last.ty)?;
        return match kind {
            Ask::FieldByteOffset => Ok(Some(Side {
                value: spec.bit_offset / 8,
                validate: true,
                access: Some((bytes, last.ty)),
            })),
            Ask::FieldByteSize => Ok(Some(Side { value: bytes, validate: true, access: None })),
            _ => Err(CoreError::NotOfElement(kind.name())),
        };
    }
    let member = usize::try_from(last.index)
        .ok()
        .and_then(|index| btf.ty(last.ty).composite()?.member(index))
        .ok_or(CoreError::NoRoot(last.ty))?;
    let ty = btf.resolve(member.ty);
    let is_bitfield = member.bitfield > 0;
    let (offset, bytes, bits) = if is_bitfield {
        let bits = u64::from(member.bitfield);
        let (offset, bytes) = covering_load(btf, ty, spec.bit_offset, bits)?;
        (offset, bytes, bits)
    } else {
        let bytes = size(btf, ty)?;
        (spec.bit_offset / 8, bytes, bytes.saturating_mul(8))
    };
    let side = |value| Side { value, validate: !is_bitfield, access: None };
    Ok(Some(match kind {
        Ask::FieldByteOffset if is_bitfield => side(offset),
        Ask::FieldByteOffset => {
            let mut element = ty;
            while let Type::Array(array) = btf.ty(element) {
                element = btf.resolve(array.element);
            }
            Side { access: Some((size(btf, element)?, ty)), ..side(offset) }
        }
        Ask::FieldByteSize => side(bytes),
        Ask::FieldSigned => {
            let is_signed = match btf.ty(ty) {
                Type::Int(int) => int.is_signed,
                other => other.enumeration().is_some_and(|enumeration| enumeration.is_signed),
            };
            Side { validate: true, ..side(u64::from(is_signed)) }
        }
        Ask::FieldLshiftU64 => side(64_u64.wrapping_sub(spec.bit_offset + bits - offset * 8)),
        _ => Side { validate: true, ..side(64_u64.wrapping_sub(bits)) },
    }))
}

/// Offset and size of the smallest aligned load that covers a bitfield.
fn covering_load(
    btf: &Btf,
    ty: TypeId,
    bit_offset: u64,
    bits: u64,
) -> Result<(u64, u64), CoreError> {
    let mut bytes = match btf.ty(ty) {
        Type::Int(int) => u64::from(int.size),
        Type::Enum(enumeration) | Type::Enum64(enumeration) => u64::from(enumeration.size),
        _ => return Err(CoreError::BadBitfield(ty)),
    };
    loop {
        let offset = bit_offset / 8 / bytes * bytes;
        if bit_offset + bits - offset * 8 <= bytes * 8 {
            return Ok((offset, bytes));
        }
        if bytes >= 8 {
            return Err(CoreError::BitfieldTooWide { bit_offset, bits });
        }
        bytes *= 2;
    }
}

fn whole_type(kind: Ask, spec: Option<&Spec<'_>>) -> Result<Side, CoreError> {
    let Some(spec) = spec else { return Ok(Side { value: 0, validate: true, access: None }) };
    let (value, validate) = match kind {
        Ask::TypeIdTarget => (u64::from(spec.root.0), false),
        Ask::TypeSize => (size(spec.btf, spec.root)?, true),
        _ => (1, true),
    };
    Ok(Side { value, validate, access: None })
}

fn enumerator(kind: Ask, spec: Option<&Spec<'_>>) -> Option<Side> {
    if kind == Ask::EnumvalExists {
        return Some(Side { value: u64::from(spec.is_some()), validate: true, access: None });
    }
    let spec = spec?;
    let step = spec.steps.first()?;
    let ty = spec.btf.ty(step.ty);
    let value = ty.enumeration()?.values().nth(usize::try_from(step.index).ok()?)?.value;
    // A 32-bit enumerator is an `int` to libbpf whether or not the enum is signed.
    let value = match ty {
        Type::Enum(_) => {
            i64::from(u32::try_from(value & 0xffff_ffff).unwrap_or(0).cast_signed()).cast_unsigned()
        }
        _ => value,
    };
    Some(Side { value, validate: true, access: None })
}
