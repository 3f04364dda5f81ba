//! Names of the types of a kernel that a reduced profile does not hold, so that a type which the kernel
//! lacks can be told from one that the reduction left out. Exact: the names themselves, sorted.

use super::compat::core_kind;
use crate::index::essential_name;
use crate::{Btf, Kind, TypeId};

/// Kinds that names are kept for, and the letter that stands for each.
const LETTERS: [(Kind, char); 7] = [
    (Kind::Struct, 's'),
    (Kind::Union, 'u'),
    (Kind::Enum, 'e'),
    (Kind::Fwd, 'f'),
    (Kind::Typedef, 't'),
    (Kind::Var, 'v'),
    (Kind::Func, 'F'),
];

/// A set of (kind, essential name).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KnownNames {
    /// Each a kind's letter and a name; sorted, without duplicates.
    names: Vec<Box<str>>,
}

/// Encoded names that are not in order, or of no known kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the list of type names is malformed at line {0}")]
pub struct KnownNamesError(pub usize);

impl KnownNames {
    /// The names of those structs, unions, enums, forward declarations, typedefs, variables and functions
    /// of `btf` that `want` picks.
    pub fn of(btf: &Btf, want: impl Fn(TypeId) -> bool) -> Self {
        let named = btf.ids().filter(|&id| !btf.name(id).is_empty() && want(id));
        let mut names: Vec<_> = named.filter_map(|id| key(btf.kind(id), btf.name(id))).collect();
        names.sort_unstable();
        names.dedup();
        Self { names }
    }

    /// Number of names.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Whether a type of this kind (either enum width) with the essential name of `name` was left out.
    pub fn contains(&self, kind: Kind, name: &str) -> bool {
        key(kind, name).is_some_and(|key| self.names.binary_search(&key).is_ok())
    }

    /// The set as text: a line each.
    pub fn encode(&self) -> String {
        self.names.iter().flat_map(|name| [&**name, "\n"]).collect()
    }

    /// The set that [`KnownNames::encode`] wrote.
    ///
    /// # Errors
    /// When the text is not what `encode` writes.
    pub fn decode(text: &str) -> Result<Self, KnownNamesError> {
        let mut names: Vec<Box<str>> = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let letter = line.chars().next();
            let is_known = LETTERS.iter().any(|&(_, known)| Some(known) == letter);
            if !is_known || names.last().is_some_and(|last| **last >= *line) {
                return Err(KnownNamesError(number + 1));
            }
            names.push(line.into());
        }
        Ok(Self { names })
    }
}

fn key(kind: Kind, name: &str) -> Option<Box<str>> {
    let kind = core_kind(kind);
    let (_, letter) = LETTERS.iter().find(|&&(of, _)| of == kind)?;
    Some(format!("{letter}{}", essential_name(name)).into())
}
