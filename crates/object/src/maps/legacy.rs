//! The `maps` section of objects from before BTF: an array of `struct bpf_map_def`.
//!
//! libbpf took these until 1.0; the rules here are those of its last version that did.

use skep_btf::{Btf, Kind, Type};

use super::{MapOrigin, MapSpec};
use crate::elf::{Elf, SecIdx, Section, Symbol};
use crate::error::{ObjectError, ObjectErrorKind, bounded};

/// Bytes of `struct bpf_map_def`: type, key size, value size, entries, flags.
const DEF_SIZE: usize = 20;

/// A map of the `maps` section and where it lies there.
pub(crate) struct Declared {
    pub(crate) spec: MapSpec,
    pub(crate) section: SecIdx,
    pub(crate) start: u64,
}

/// Reads all maps of `maps`, in the order of their offsets.
pub(crate) fn declared(elf: &Elf<'_>, btf: Option<&Btf>) -> Result<Vec<Declared>, ObjectError> {
    let Some(section) = elf.section_named("maps") else { return Ok(Vec::new()) };
    let mut symbols: Vec<_> = elf
        .symbols()
        .iter()
        .filter(|symbol| symbol.is_in(section.idx) && !symbol.name.is_empty())
        .filter(|symbol| {
            symbol.kind != object::elf::STT_SECTION && symbol.kind != object::elf::STT_FILE
        })
        .collect();
    symbols.sort_by_key(|symbol| symbol.value);
    let Some(each) = section.data.len().checked_div(symbols.len()) else { return Ok(Vec::new()) };
    if each * symbols.len() != section.data.len() || each < DEF_SIZE {
        let found = format!(
            "{} maps in {} bytes do not have the same size of at least {DEF_SIZE} bytes",
            symbols.len(),
            section.data.len()
        );
        return Err(ObjectError::new(ObjectErrorKind::Map, section.place(), found)
            .help("declare maps with BTF in SEC(\".maps\") instead"));
    }
    symbols.into_iter().map(|symbol| one(section, symbol, each, btf)).collect()
}

fn one(
    section: &Section<'_>,
    symbol: &Symbol<'_>,
    each: usize,
    btf: Option<&Btf>,
) -> Result<Declared, ObjectError> {
    let error = |found: String| {
        ObjectError::new(
            ObjectErrorKind::Map,
            section.place().at(symbol.value).of(symbol.name),
            found,
        )
    };
    let bytes = usize::try_from(symbol.value)
        .ok()
        .and_then(|start| section.data.get(start..start.checked_add(each)?))
        .ok_or_else(|| error(format!("its {each} bytes reach past the end of the section")))?;
    let (def, rest) = bytes.split_at(DEF_SIZE);
    if let Some(extra) = rest.iter().position(|&byte| byte != 0) {
        let found =
            format!("its definition has a field at byte {} that is not zero", DEF_SIZE + extra);
        return Err(error(found).help(
            "it is in the form of iproute2 (struct bpf_elf_map); declare it with BTF in SEC(\".maps\") instead",
        ));
    }
    let word = |index: usize| {
        def.get(index * 4..).and_then(<[u8]>::first_chunk).map_or(0, |b| u32::from_le_bytes(*b))
    };
    let mut spec = MapSpec::declared(&bounded(symbol.name), section.name, MapOrigin::Legacy);
    spec.set_type(word(0));
    (spec.key_size, spec.value_size, spec.max_entries, spec.flags) =
        (word(1), word(2), word(3), word(4));
    if spec.map_type == 0 {
        return Err(error("the map has no type".into()));
    }
    if let Some(btf) = btf {
        annotate(&mut spec, btf);
    }
    Ok(Declared { spec, section: section.idx, start: symbol.value })
}

/// Types from `BPF_ANNOTATE_KV_PAIR`: a struct `____btf_map_NAME` with members `key` and `value`.
fn annotate(spec: &mut MapSpec, btf: &Btf) {
    let Some(id) = btf.find(&format!("____btf_map_{}", spec.name), Kind::Struct) else { return };
    let Type::Struct(composite) = btf.ty(id) else { return };
    let (Some(key), Some(value)) = (composite.member(0), composite.member(1)) else { return };
    let fits = |ty, size: u32| btf.size_of(ty) == Some(u64::from(size));
    if key.name == "key"
        && value.name == "value"
        && fits(key.ty, spec.key_size)
        && fits(value.ty, spec.value_size)
    {
        spec.key_type = Some(key.ty);
        spec.value_type = Some(value.ty);
    }
}
