//! Names of all types of a kernel, for profiles that do not hold the types themselves.
//!
//! A reduced profile must tell a type that its kernel lacks from one that the reduction left out. The names
//! are kept as sorted 40-bit hashes, delta-coded: with the tens of thousands of names of a kernel, a name
//! that is not there is taken for one that is with a chance of one in 20 million, and then its program is
//! `unsupported` instead of relocated; never the other way round.

use super::compat::core_kind;
use crate::index::{essential_name, hash};
use crate::{Btf, Kind};

const BITS: u32 = 40;

/// A set of (kind, essential name).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KnownNames {
    /// Sorted, without duplicates.
    hashes: Vec<u64>,
}

/// Encoded names that are cut short, not in order, or too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the list of type names is malformed at byte {0}")]
pub struct KnownNamesError(pub usize);

impl KnownNames {
    /// All names of structs, unions, enums, forward declarations, typedefs, variables and functions that
    /// `keep` wants.
    pub fn of(btf: &Btf, keep: impl Fn(Kind, &str) -> bool) -> Self {
        let mut hashes: Vec<u64> = btf
            .ids()
            .filter_map(|id| {
                let ty = btf.ty(id);
                let is_named =
                    !ty.name().is_empty() && !matches!(ty.kind(), Kind::DeclTag | Kind::TypeTag);
                (is_named && keep(ty.kind(), ty.name())).then(|| key(ty.kind(), ty.name()))
            })
            .collect();
        hashes.sort_unstable();
        hashes.dedup();
        Self { hashes }
    }

    /// Number of names.
    pub fn len(&self) -> usize {
        self.hashes.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }

    /// Whether the kernel has a type of this kind (either enum width) with the essential name of `name`.
    pub fn contains(&self, kind: Kind, name: &str) -> bool {
        self.hashes.binary_search(&key(kind, name)).is_ok()
    }

    /// The set as bytes: differences in LEB128.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.hashes.len() * 4);
        let mut last = 0;
        for &hash in &self.hashes {
            let mut left = hash - last;
            last = hash;
            while left >= 0x80 {
                bytes.push(u8::try_from(left & 0x7f).unwrap_or(0) | 0x80);
                left >>= 7;
            }
            bytes.push(u8::try_from(left).unwrap_or(0));
        }
        bytes
    }

    /// The set that [`KnownNames::encode`] wrote.
    ///
    /// # Errors
    /// When the bytes are not what `encode` writes.
    pub fn decode(bytes: &[u8]) -> Result<Self, KnownNamesError> {
        let mut hashes: Vec<u64> = Vec::with_capacity(bytes.len() / 4);
        let (mut delta, mut shift) = (0_u64, 0);
        for (at, &byte) in bytes.iter().enumerate() {
            if shift > BITS {
                return Err(KnownNamesError(at));
            }
            delta |= u64::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                let last = hashes.last().copied();
                let hash = last.unwrap_or(0) + delta;
                if hash >> BITS != 0 || (last.is_some() && delta == 0) {
                    return Err(KnownNamesError(at));
                }
                hashes.push(hash);
                (delta, shift) = (0, 0);
            }
        }
        if shift != 0 {
            return Err(KnownNamesError(bytes.len()));
        }
        Ok(Self { hashes })
    }
}

fn key(kind: Kind, name: &str) -> u64 {
    let name = essential_name(name);
    let kind = u64::from(core_kind(kind) as u8);
    // The high bits of FNV-1a of short names hardly vary: fold, then mix.
    let mixed =
        (hash(name) ^ kind.wrapping_mul(0x9e37_79b9_7f4a_7c15)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    (mixed ^ mixed >> 33).wrapping_mul(0xc4ce_b9fe_1a85_ec53) >> (64 - BITS)
}
