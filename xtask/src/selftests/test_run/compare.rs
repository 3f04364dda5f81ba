//! Which parts of two runs must be equal.

use skep_abi::MapType;
use skep_object::{MapSpec, Resolved, ResolvedProgram};

use super::{Outcome, Ran, Side};

/// Helpers whose results depend on the time, on who runs, or on where the kernel has put things.
const VARYING: &[&str] = &[
    "bpf_ktime_get_ns",
    "bpf_ktime_get_boot_ns",
    "bpf_ktime_get_coarse_ns",
    "bpf_ktime_get_tai_ns",
    "bpf_jiffies64",
    "bpf_get_prandom_u32",
    "bpf_get_current_pid_tgid",
    "bpf_get_current_uid_gid",
    "bpf_get_current_comm",
    "bpf_get_current_task",
    "bpf_get_current_cgroup_id",
    "bpf_get_smp_processor_id",
    "bpf_get_numa_node_id",
    "bpf_get_socket_cookie",
    "bpf_get_netns_cookie",
    "bpf_get_hash_recalc",
    "bpf_get_stack",
    "bpf_get_stackid",
    "bpf_get_func_ip",
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
    kernel: &Side,
    skep: &Side,
    is_varying: bool,
) -> Outcome {
    let kernel = match kernel {
        Side::Ran(ran) => ran,
        Side::Refused(why) => {
            return match skep {
                Side::Ran(_) if why.starts_with("not run") => {
                    Outcome::Different(format!("the kernel: {why}; skep runs it"))
                }
                _ => Outcome::NotDriven(why.clone()),
            };
        }
        Side::Unsupported(why) | Side::Trapped(why) => return Outcome::NotDriven(why.clone()),
    };
    match skep {
        Side::Ran(skep) => match difference(resolved, kernel, skep, is_varying) {
            None => Outcome::Equal,
            Some(how) => Outcome::Different(how),
        },
        Side::Refused(why) => Outcome::Different(format!("skep refuses: {why}")),
        Side::Unsupported(what) => Outcome::Unsupported(what.clone()),
        Side::Trapped(how) => Outcome::Trapped(how.clone()),
    }
}

fn difference(resolved: &Resolved, kernel: &Ran, skep: &Ran, is_varying: bool) -> Option<String> {
    if is_varying {
        // Values vary; what can be said is that both came to the end with packets of one length.
        return (kernel.data.len() != skep.data.len()).then(|| "length of the packet".to_owned());
    }
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
