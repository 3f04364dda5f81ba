//! Which parts of two runs must be equal.

use skep_abi::MapType;
use skep_object::{MapSpec, Resolved, ResolvedProgram};

use super::{Outcome, Ran, Side};

/// Helpers whose results are by chance, or tell of the process that runs, and may be the same twice.
const VARYING: &[&str] = &[
    "bpf_get_prandom_u32",
    "bpf_get_current_pid_tgid",
    "bpf_get_current_uid_gid",
    "bpf_get_current_comm",
    "bpf_get_current_cgroup_id",
    "bpf_get_socket_cookie",
    "bpf_get_netns_cookie",
    "bpf_get_hash_recalc",
    "bpf_ktime_get_ns",
    "bpf_ktime_get_boot_ns",
    "bpf_ktime_get_coarse_ns",
    "bpf_jiffies64",
    "bpf_get_stack",
    "bpf_get_stackid",
];

/// Whether the contents of a map can be compared: numbers, not objects.
pub(crate) fn is_comparable(spec: &MapSpec) -> bool {
    use MapType as M;
    matches!(
        spec.kind,
        Some(
            M::Array
                | M::Hash
                | M::LruHash
                | M::PercpuArray
                | M::PercpuHash
                | M::LruPercpuHash
                | M::LpmTrie
        )
    )
}

/// The calls of a program whose results vary.
pub(crate) fn varying(program: &ResolvedProgram) -> Vec<String> {
    use skep_isa::opcode as op;
    let calls =
        program.insns.iter().filter(|insn| insn.code == op::JMP | op::CALL && insn.src.0 == 0);
    let names = calls.filter_map(|insn| skep_calls::helper_name(u32::try_from(insn.imm).ok()?));
    let mut names: Vec<String> =
        names.filter(|name| VARYING.contains(name)).map(str::to_owned).collect();
    names.sort();
    names.dedup();
    names
}

/// What came of a program on both sides.
pub(crate) fn outcome(
    resolved: &Resolved,
    kernel: &[Side; 2],
    skep: &Side,
    returns_pointer: bool,
) -> Outcome {
    let [first, second] = match kernel {
        [Side::Ran(first), Side::Ran(second)] => [first, second],
        [Side::Refused(why), _] | [_, Side::Refused(why)] => {
            return match skep {
                Side::Ran(_) if why.starts_with("not run") => {
                    Outcome::Different(format!("the kernel: {why}; skep runs it"))
                }
                _ => Outcome::NotDriven(why.clone()),
            };
        }
        [Side::Unsupported(why) | Side::Trapped(why), _]
        | [_, Side::Unsupported(why) | Side::Trapped(why)] => {
            return Outcome::NotDriven(why.clone());
        }
    };
    match skep {
        Side::Ran(skep) => {
            let mut skep = skep.clone();
            let mut has_garbage = forget_varying(first, second, &mut skep);
            if returns_pointer {
                skep.retval = first.retval;
                has_garbage = true;
            }
            match difference(resolved, first, &skep) {
                None if has_garbage => Outcome::Partly,
                None => Outcome::Equal,
                Some(how) => Outcome::Different(how),
            }
        }
        Side::Refused(why) => Outcome::Different(format!("skep refuses: {why}")),
        Side::Unsupported(what) => Outcome::Unsupported(what.clone()),
        Side::Trapped(how) => Outcome::Trapped(how.clone()),
    }
}

/// Makes equal to the kernel's first run whatever differs between its two runs; tells whether there was anything.
fn forget_varying(first: &Ran, second: &Ran, skep: &mut Ran) -> bool {
    let mut found = first.retval != second.retval;
    if found {
        skep.retval = first.retval;
    }
    found |= forget_bytes(&first.data, &second.data, &mut skep.data);
    found |= forget_bytes(&first.ctx, &second.ctx, &mut skep.ctx);
    for (name, entries) in &mut skep.maps {
        let of = |ran: &Ran| {
            ran.maps.iter().find(|(other, _)| other == name).map(|(_, entries)| entries.clone())
        };
        let (Some(one), Some(other)) = (of(first), of(second)) else { continue };
        let same_keys = one.len() == other.len() && one.iter().zip(&other).all(|(a, b)| a.0 == b.0);
        if !same_keys {
            found = true;
            *entries = one;
            continue;
        }
        for ((a, b), ours) in one.iter().zip(&other).zip(entries) {
            found |= forget_bytes(&a.1, &b.1, &mut ours.1);
        }
    }
    found
}

/// Addresses of data, in the kernel's direct map and in skep's machine.
const ADDRESSES: std::ops::Range<u64> = 0xffff_8800_0000_0000..0xffff_c800_0000_0000;

/// Bytes near to one that varies belong to the same number, and each side has addresses of its own.
fn forget_bytes(first: &[u8], second: &[u8], ours: &mut [u8]) -> bool {
    let mut varies: Vec<bool> = first.iter().zip(second).map(|(a, b)| a != b).collect();
    let words = first.as_chunks::<8>().0.iter().zip(ours.as_chunks::<8>().0);
    let is_address = |bytes: &[u8; 8]| ADDRESSES.contains(&u64::from_le_bytes(*bytes));
    for (at, (theirs, ours)) in words.enumerate() {
        if is_address(theirs) && is_address(ours) && theirs != ours {
            varies[at * 8] = true;
        }
    }
    for (at, byte) in ours.iter_mut().enumerate().take(varies.len()) {
        let near = at.saturating_sub(7)..(at + 8).min(varies.len());
        if varies[near].contains(&true) {
            *byte = first[at];
        }
    }
    varies.contains(&true)
}

fn difference(resolved: &Resolved, kernel: &Ran, skep: &Ran) -> Option<String> {
    if kernel.retval != skep.retval {
        return Some(format!("retval: kernel {:#x}, skep {:#x}", kernel.retval, skep.retval));
    }
    if kernel.data != skep.data {
        return Some(format!("packet: kernel {}, skep {}", hex(&kernel.data), hex(&skep.data)));
    }
    if kernel.ctx != skep.ctx {
        return Some(format!("context: kernel {}, skep {}", hex(&kernel.ctx), hex(&skep.ctx)));
    }
    skep.maps.iter().find_map(|(name, entries)| {
        let (_, theirs) = kernel.maps.iter().find(|(other, _)| other == name)?;
        if theirs.len() != entries.len() {
            return Some(format!(
                "map {name}: kernel {} entries, skep {}",
                theirs.len(),
                entries.len()
            ));
        }
        let mut pairs = theirs.iter().zip(entries);
        let (theirs, ours) = pairs.find(|(theirs, ours)| theirs != ours)?;
        let at = theirs.1.iter().zip(&ours.1).position(|(a, b)| a != b).unwrap_or(0);
        let variable = resolved.maps.iter().find(|map| map.name == *name).and_then(|map| {
            map.variables
                .iter()
                .find(|v| (v.offset as usize..(v.offset + v.size) as usize).contains(&at))
        });
        let variable = variable.map_or_else(String::new, |v| format!(" ({})", v.name));
        Some(format!(
            "map {name}, key {}, byte {at}{variable}: kernel {}, skep {}",
            hex(&theirs.0),
            hex(theirs.1.get(at..).unwrap_or_default()),
            hex(ours.1.get(at..).unwrap_or_default()),
        ))
    })
}

fn hex(bytes: &[u8]) -> String {
    let shown: String = bytes.iter().take(48).map(|byte| format!("{byte:02x}")).collect();
    if bytes.len() > 48 { format!("{shown}… ({} bytes)", bytes.len()) } else { shown }
}
