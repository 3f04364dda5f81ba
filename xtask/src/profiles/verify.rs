//! A reduced profile may say that it does not hold a type; what it does say must be the whole kernel's answer.

use skep_btf::core::{CoreError, KnownNames, Outcome, Relocation, RelocationKind as Ask, Target};
use skep_btf::{Btf, Kind, TypeId};

use super::reduce::Reduced;

/// Members and enumerators that are asked about in each type.
const PARTS: usize = 12;

/// How many questions were asked, and how many of them the reduced profile could not answer.
pub(super) struct Verified {
    pub(super) asked: u32,
    pub(super) missing: u32,
}

/// Asks both profiles the same about every named type of the whole kernel.
pub(super) fn verify(full: &Btf, reduced: &Reduced) -> Result<Verified, String> {
    let btf = Btf::parse(&reduced.btf).map_err(|error| error.to_string())?;
    let known =
        KnownNames::decode(&reduced.left_out.encode()).map_err(|error| error.to_string())?;
    let (whole, part) = (Target::new(full), Target::new(&btf).reduced(&known));
    let mut verified = Verified { asked: 0, missing: 0 };
    let mut ask = |kind: Ask, root: TypeId, access: &str| {
        let relocation = Relocation { kind, root, access };
        let expected = whole.relocate(full, &relocation);
        let found = part.relocate(full, &relocation);
        verified.asked += 1;
        match found {
            Ok(Outcome::MissingFromProfile(_)) => {
                verified.missing += 1;
                Ok(())
            }
            _ if same(&expected, &found) => Ok(()),
            _ => Err(format!("{}: {expected:?} became {found:?}", relocation.describe(full))),
        }
    };
    for root in full.ids() {
        let ty = full.ty(root);
        if ty.name().is_empty() || !asks_by_name(ty.kind()) {
            continue;
        }
        ask(Ask::TypeExists, root, "0")?;
        ask(Ask::TypeMatches, root, "0")?;
        if full.size_of(root).is_some() {
            ask(Ask::TypeSize, root, "0")?;
        }
        let resolved = full.resolved(root);
        let members = resolved.composite().map_or(0, |composite| composite.len());
        for member in 0..members.min(PARTS) {
            for kind in [Ask::FieldByteOffset, Ask::FieldExists, Ask::FieldRshiftU64] {
                ask(kind, root, &format!("0:{member}"))?;
            }
        }
        let values = ty.enumeration().map_or(0, |enumeration| enumeration.len());
        for value in 0..values.min(PARTS) {
            ask(Ask::EnumvalValue, root, &value.to_string())?;
        }
    }
    Ok(verified)
}

fn asks_by_name(kind: Kind) -> bool {
    kind.is_composite()
        || kind.is_any_enum()
        || matches!(kind, Kind::Typedef | Kind::Int | Kind::Fwd)
}

/// Type ids differ between the two, and so do errors that name them.
fn same(expected: &Result<Outcome, CoreError>, found: &Result<Outcome, CoreError>) -> bool {
    match (expected, found) {
        (Ok(expected), Ok(found)) => expected == found,
        (Err(expected), Err(found)) => {
            std::mem::discriminant(expected) == std::mem::discriminant(found)
        }
        _ => false,
    }
}
