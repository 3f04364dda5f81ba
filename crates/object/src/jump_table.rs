//! Jump tables of `gotox`: one map of targets per program and table, libbpf's `create_jt_map`.

use skep_abi::MapType;
use skep_isa::InsnIdx;

use crate::code::Function;
use crate::maps::{MapInit, MapOrigin, MapSpec};

/// Bytes of an entry in `.jumptables`: the byte offset of an insn within its section.
const ENTRY: u32 = 8;
/// `sizeof(struct bpf_insn_array_value)`.
const VALUE_SIZE: u32 = 16;

/// The map for the table at `offset`, as used by `function` which starts at insn `at` of its program.
pub(crate) fn map(
    tables: &[u8],
    function: &Function,
    at: u32,
    (offset, size): (u32, u32),
) -> Result<MapSpec, String> {
    let wrong = |found: &str| {
        format!("the jump table at {offset:#x} of .jumptables ({size} bytes) {found}")
    };
    if offset % ENTRY != 0 || size % ENTRY != 0 || size == 0 {
        return Err(wrong("is not made of whole entries of 8 bytes"));
    }
    let end = offset as usize + size as usize;
    let bytes =
        tables.get(offset as usize..end).ok_or_else(|| wrong("reaches past the section's end"))?;
    let targets = bytes.as_chunks::<{ ENTRY as usize }>().0.iter().map(|&entry| {
        let insn = u64::from_le_bytes(entry) / 8;
        let within = insn
            .checked_sub(u64::from(function.start))
            .filter(|&insn| insn < u64::from(function.len));
        let insn = within.and_then(|insn| u32::try_from(insn).ok());
        insn.map(|insn| InsnIdx(at + insn)).ok_or_else(|| wrong("leaves its function"))
    });
    let targets: Vec<_> = targets.collect::<Result<_, _>>()?;
    let mut map = MapSpec::declared(".jumptables", ".jumptables", MapOrigin::JumpTable);
    map.set_type(MapType::InsnArray as u32);
    (map.key_size, map.value_size, map.max_entries) = (4, VALUE_SIZE, size / ENTRY);
    map.init = MapInit::Targets(targets);
    Ok(map)
}
