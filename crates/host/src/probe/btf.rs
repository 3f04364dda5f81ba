//! What the kernel takes in types: libbpf's `FEAT_BTF_*`, each tried with the smallest types that have it.

use std::sync::OnceLock;

use skep_btf::Kind;

use crate::sys::btf::load;

/// What the kernel takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is an independent capability")]
pub(crate) struct Features {
    /// Types at all (4.18).
    pub(crate) any: bool,
    /// `FUNC` and `FUNC_PROTO` (5.0).
    pub(crate) func: bool,
    /// Global functions (5.6).
    pub(crate) func_global: bool,
    /// `VAR` and `DATASEC` (5.2).
    pub(crate) datasec: bool,
    /// `DATASEC` whose name starts with `?` (6.9).
    pub(crate) datasec_qmark: bool,
    /// `FLOAT` (5.13).
    pub(crate) float: bool,
    /// `DECL_TAG` (5.16).
    pub(crate) decl_tag: bool,
    /// `TYPE_TAG` (5.17).
    pub(crate) type_tag: bool,
    /// `ENUM64` (6.0).
    pub(crate) enum64: bool,
}

/// Types with these words and strings.
pub(crate) fn blob(words: &[u32], strings: &[u8]) -> Vec<u8> {
    let (types, len) = (size_of_val(words) as u32, strings.len() as u32);
    let mut bytes = vec![0x9f, 0xeb, 1, 0];
    for word in [24, 0, types, types, len].iter().chain(words) {
        bytes.extend(word.to_le_bytes());
    }
    bytes.extend(strings);
    bytes
}

fn info(kind: Kind, len: u32) -> u32 {
    (kind as u32) << 24 | len
}

/// `int`, named by the string at 1.
fn int() -> [u32; 4] {
    [1, info(Kind::Int, 0), 4, 1 << 24 | 32]
}

fn takes(more: &[u32], strings: &[u8]) -> bool {
    load(&blob(&[&int()[..], more].concat(), strings), &mut []).is_ok()
}

impl Features {
    /// What the running kernel takes; asked once.
    pub(crate) fn of_kernel() -> Self {
        static FOUND: OnceLock<Features> = OnceLock::new();
        *FOUND.get_or_init(Self::probe)
    }

    fn probe() -> Self {
        let strings = b"\0int\0x\0";
        // A function of one argument without a result, static or global.
        let func = |linkage: u32| {
            takes(&[0, info(Kind::FuncProto, 1), 0, 5, 1, 5, info(Kind::Func, linkage), 2], strings)
        };
        // One variable in a section that is named by the string at an offset.
        let datasec = |name: u32| {
            let var = [5, info(Kind::Var, 0), 1, 0];
            let section = [name, info(Kind::DataSec, 1), 4, 2, 0, 4];
            takes(&[&var[..], &section].concat(), b"\0int\0x\0.d\0?.d\0")
        };
        Self {
            any: takes(&[], strings),
            func: func(0),
            func_global: func(1),
            datasec: datasec(7),
            datasec_qmark: datasec(10),
            float: takes(&[5, info(Kind::Float, 0), 4], strings),
            decl_tag: takes(
                &[5, info(Kind::Var, 0), 1, 0, 5, info(Kind::DeclTag, 0), 2, u32::MAX],
                strings,
            ),
            type_tag: takes(&[5, info(Kind::TypeTag, 0), 1, 0, info(Kind::Ptr, 0), 2], strings),
            enum64: takes(&[0, info(Kind::Enum64, 1), 8, 5, 0, 0], strings),
        }
    }
}
