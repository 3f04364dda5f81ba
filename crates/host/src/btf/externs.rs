//! Externs, which the kernel knows no types for: functions become global, variables plain integers.

use skep_btf::{Btf, Kind, Type, TypeId};

use super::words::{TAIL, Words};

/// What an extern of `.ksyms` is called in its section, as libbpf has it.
const DUMMY: &str = "dummy_ksym";

/// The bytes with externs made plain: functions global, variables plain integers of 4 bytes in a row.
pub(super) fn plain(btf: &Btf) -> Vec<u8> {
    let bytes = btf.to_bytes();
    let section = btf.ids().find_map(|id| match btf.ty(id) {
        Type::DataSec(section) if section.name == ".ksyms" => Some((id, section)),
        _ => None,
    });
    let Some((section_id, section)) = section else { return bytes };
    let mut words = Words::new(bytes);
    let int = btf.ids().find(|&id| matches!(btf.ty(id), Type::Int(int) if int.bits == 32));
    let int = int.unwrap_or_else(|| words.append_int());
    let dummy_name = words.add_string(DUMMY);
    let dummy = words.append_var(dummy_name, int);
    for (index, var) in section.vars().enumerate() {
        match btf.ty(var.ty) {
            Type::Func { proto, .. } => {
                words.set(var.ty, 4, (Kind::Func as u32) << 24 | 1);
                if let Type::FuncProto(proto_type) = btf.ty(proto) {
                    for (at, param) in proto_type.params().enumerate() {
                        if param.name.is_empty() && param.ty != TypeId::VOID {
                            words.set(proto, TAIL + at * 8, dummy_name);
                        }
                    }
                }
                words.set(section_id, TAIL + index * 12, dummy.0);
            }
            _ => {
                words.set(var.ty, 8, int.0);
                words.set(var.ty, TAIL, 1);
            }
        }
        words.set(section_id, TAIL + index * 12 + 4, index as u32 * 4);
        words.set(section_id, TAIL + index * 12 + 8, 4);
    }
    words.set(section_id, 8, section.len() as u32 * 4);
    words.finish()
}
