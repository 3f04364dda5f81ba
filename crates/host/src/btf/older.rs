//! Types that older kernels refuse, replaced by older ones of the same size: `bpf_object__sanitize_btf` of libbpf.

use skep_btf::{Kind, TypeId};

use super::words::{TAIL, Words};
use crate::probe::BtfFeatures;

/// A plain integer of one byte: the word after its head.
const BYTE: u32 = 8;

/// The types without what a kernel lacks; none when it lacks nothing that they have.
pub(super) fn sanitized(bytes: &[u8], features: BtfFeatures) -> Option<Vec<u8>> {
    let mut words = Words::new(bytes.to_vec());
    let mut changed = false;
    let mut placeholder = None;
    for id in words.ids() {
        let (kind, len) = words.info(id);
        let is = |wanted: Kind| kind == wanted as u32;
        if is(Kind::Var) && !features.datasec || is(Kind::DeclTag) && !features.decl_tag {
            set_info(&mut words, id, Kind::Int, 0);
            words.set(id, 8, 1);
            words.set(id, TAIL, BYTE);
        } else if is(Kind::DataSec) && !features.datasec {
            section_to_struct(&mut words, id, len);
        } else if is(Kind::DataSec) && !features.datasec_qmark {
            let name = words.get(id, 0).unwrap_or(0);
            match words.first_byte(name).filter(|first| **first == b'?') {
                Some(first) => *first = b'_',
                None => continue,
            }
        } else if is(Kind::FuncProto) && !features.func {
            proto_to_enum(&mut words, id, len);
        } else if is(Kind::Func) && !features.func {
            set_info(&mut words, id, Kind::Typedef, 0);
        } else if is(Kind::Func) && !features.func_global && len != 0 {
            set_info(&mut words, id, Kind::Func, 0);
        } else if is(Kind::Float) && !features.float {
            words.set(id, 0, 0);
            set_info(&mut words, id, Kind::Struct, 0);
        } else if is(Kind::TypeTag) && !features.type_tag {
            words.set(id, 0, 0);
            set_info(&mut words, id, Kind::Const, 0);
        } else if is(Kind::Enum64) && !features.enum64 {
            let member = *placeholder.get_or_insert_with(|| {
                let name = words.add_string("enum64_placeholder");
                words.append_byte(name)
            });
            set_info(&mut words, id, Kind::Union, len);
            for index in 0..len as usize {
                words.set(id, TAIL + index * 12 + 4, member.0);
                words.set(id, TAIL + index * 12 + 8, 0);
            }
        } else {
            continue;
        }
        changed = true;
    }
    changed.then(|| words.finish())
}

fn set_info(words: &mut Words, id: TypeId, kind: Kind, len: u32) {
    words.set(id, 4, (kind as u32) << 24 | len);
}

/// Parameters (name, type) become enumerators (name, number). Unlike libbpf's, those without a name get one: kernels
/// refuse enumerators that have none.
fn proto_to_enum(words: &mut Words, id: TypeId, len: u32) {
    set_info(words, id, Kind::Enum, len);
    words.set(id, 8, 4);
    for index in 0..len as usize {
        let at = TAIL + index * 8;
        if words.get(id, at) == Some(0) {
            let name = words.add_string("nameless");
            words.set(id, at, name);
        }
    }
}

/// Variables of a section (type, offset, size) become members of a struct (name, type, offset in bits).
fn section_to_struct(words: &mut Words, id: TypeId, len: u32) {
    set_info(words, id, Kind::Struct, len);
    let name = words.get(id, 0).unwrap_or(0);
    for byte in words.string(name) {
        if matches!(*byte, b'.' | b'?') {
            *byte = b'_';
        }
    }
    for index in 0..len as usize {
        let at = TAIL + index * 12;
        let var = TypeId(words.get(id, at).unwrap_or(0));
        let offset = words.get(id, at + 4).unwrap_or(0);
        let name = words.get(var, 0).unwrap_or(0);
        words.set(id, at, name);
        words.set(id, at + 4, var.0);
        words.set(id, at + 8, offset.wrapping_mul(8));
    }
}

#[cfg(test)]
mod tests {
    use skep_btf::Btf;

    use super::*;

    const ALL: BtfFeatures = BtfFeatures {
        any: true,
        func: true,
        func_global: true,
        datasec: true,
        datasec_qmark: true,
        float: true,
        decl_tag: true,
        type_tag: true,
        enum64: true,
    };

    /// Types that have everything: `int`, a tagged pointer, a float, a wide enum, a function with a tag, a section.
    fn modern() -> Vec<u8> {
        let strings = b"\0int\0x\0?.data\0";
        let info = |kind: Kind, len: u32| (kind as u32) << 24 | len;
        let words = [
            [1, info(Kind::Int, 0), 4, 1 << 24 | 32].as_slice(),
            &[5, info(Kind::TypeTag, 0), 1],
            &[0, info(Kind::Ptr, 0), 2],
            &[5, info(Kind::Float, 0), 8],
            &[5, info(Kind::Enum64, 1), 8, 5, 1, 1],
            &[0, info(Kind::FuncProto, 1), 1, 5, 3],
            &[5, info(Kind::Func, 1), 6],
            &[5, info(Kind::DeclTag, 0), 7, u32::MAX],
            &[5, info(Kind::Var, 0), 1, 1],
            &[7, info(Kind::DataSec, 1), 4, 9, 0, 4],
        ]
        .concat();
        crate::probe::btf_blob(&words, strings)
    }

    fn kinds(bytes: &[u8]) -> Vec<Kind> {
        let btf = Btf::parse(bytes).unwrap();
        btf.ids().map(|id| btf.kind(id)).collect()
    }

    /// Each kernel that lacks something, and the kinds that the types then have.
    #[test]
    fn what_a_kernel_lacks_is_replaced_and_ids_stay() {
        use Kind as K;
        let modern = modern();
        assert_eq!(sanitized(&modern, ALL), None);
        let with = |change: &dyn Fn(&mut BtfFeatures)| {
            let mut features = ALL;
            change(&mut features);
            sanitized(&modern, features).unwrap()
        };
        let whole = kinds(&modern);
        let replaced = |bytes: &[u8]| -> Vec<(u32, K)> {
            let kinds = kinds(bytes);
            let changed = (1..).zip(kinds.iter().zip(&whole));
            changed.filter(|(_, (new, old))| new != old).map(|(id, (new, _))| (id, *new)).collect()
        };
        assert_eq!(replaced(&with(&|f| f.type_tag = false)), [(2, K::Const)]);
        assert_eq!(replaced(&with(&|f| f.float = false)), [(4, K::Struct)]);
        assert_eq!(replaced(&with(&|f| f.enum64 = false)), [(5, K::Union)]);
        assert_eq!(replaced(&with(&|f| f.decl_tag = false)), [(8, K::Int)]);
        assert_eq!(replaced(&with(&|f| f.datasec = false)), [(9, K::Int), (10, K::Struct)]);
        assert_eq!(
            replaced(&with(&|f| (f.func, f.decl_tag) = (false, false))),
            [(6, K::Enum), (7, K::Typedef), (8, K::Int)]
        );
        assert_eq!(replaced(&with(&|f| f.func_global = false)), []);
        assert_eq!(replaced(&with(&|f| f.datasec_qmark = false)), []);
    }

    #[test]
    fn the_running_kernel_takes_what_is_left_for_older_ones() {
        if BtfFeatures::of_kernel() != ALL {
            return skep_skip::skipped!("the kernel takes {:?}", BtfFeatures::of_kernel());
        }
        let nothing = BtfFeatures {
            any: true,
            func: false,
            func_global: false,
            datasec: false,
            datasec_qmark: false,
            float: false,
            decl_tag: false,
            type_tag: false,
            enum64: false,
        };
        let lacking = [
            nothing,
            BtfFeatures { func_global: true, func: true, ..nothing },
            BtfFeatures { func: true, ..nothing },
            BtfFeatures { datasec: true, ..nothing },
            BtfFeatures { datasec_qmark: false, ..ALL },
            BtfFeatures { enum64: false, ..ALL },
            BtfFeatures { type_tag: false, enum64: false, ..ALL },
        ];
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../programs");
        let mut all = vec![modern()];
        for name in ["profile.bpf.o", "ips.bpf.o", "stacks.bpf.o", "task.bpf.o"] {
            let object = std::fs::read(format!("{folder}/{name}")).unwrap();
            let spec = skep_object::ObjectSpec::parse(name, &object).unwrap();
            all.push(super::super::externs::plain(spec.btf.as_ref().unwrap()));
        }
        for bytes in &all {
            for features in lacking {
                let Some(older) = sanitized(bytes, features) else { continue };
                let mut log = vec![0; 1 << 16];
                let loaded = crate::sys::btf::load(&older, &mut log);
                let said = String::from_utf8_lossy(&log).trim_end_matches('\0').to_owned();
                assert!(loaded.is_ok(), "{features:?}: {loaded:?}\n{said}");
            }
        }
    }
}
