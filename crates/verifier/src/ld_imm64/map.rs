//! Maps that a program refers to (`add_used_map`, `check_map_prog_compatibility`).

use skep_abi::{MapType, ProgType};

use crate::Map;
use crate::diag::{Step, Stop, rejections};
use crate::env::{Env, Imm64};
use crate::fields::FieldKind;

/// No program refers to more maps.
const MAX_USED_MAPS: usize = 64;
/// Offsets into a value are below this.
const MAX_VALUE_OFF: u32 = 1 << 29;
const PAGE_SIZE: u64 = 4096;

rejections! {
    /// A map's file descriptor is none.
    ///
    /// The loader did not put a map in place of the reference.
    BadMapFd("bad-map-fd", EBADF, help: "load the object with a loader that creates its maps") {
        fd: i32,
    } => "fd {fd} is not pointing to valid bpf_map";

    /// The program refers to more than 64 maps.
    TooManyMaps("too-many-maps", E2BIG, help: "join maps of the same shape, or reach them through a map of maps") {
        max: usize,
    } => "The total number of maps per program has reached the limit of {max}";

    /// A program of a tracing type refers to a map with a list or tree in its values.
    ///
    /// Tracing programs may run in any context, where the lock of the list could be held already.
    TracingWithGraph("tracing-with-list-or-tree", EINVAL, help: "use the list from a program type that runs in a known context") {
    } => "tracing progs cannot use bpf_{{list_head,rb_root}} yet";

    /// A socket filter refers to a map with a spin lock in its values.
    SocketFilterWithLock("socket-filter-with-spin-lock", EINVAL, help: "use atomic operations instead of the lock") {
    } => "socket filter progs cannot use bpf_spin_lock yet";

    /// A program of a tracing type refers to a map with a spin lock in its values.
    ///
    /// Tracing programs may interrupt a holder of the lock.
    TracingWithLock("tracing-with-spin-lock", EINVAL, help: "use atomic operations, per-CPU maps, or `bpf_res_spin_lock`") {
    } => "tracing progs cannot use bpf_spin_lock yet";

    /// A program of a tracing type refers to a map with a timer in its values.
    TracingWithTimer("tracing-with-timer", EINVAL, help: "start the timer from a program of another type, such as `syscall`") {
    } => "tracing progs cannot use bpf_timer yet";

    /// A program of a tracing type refers to a map with a work queue in its values.
    TracingWithWq("tracing-with-wq", EINVAL, help: "start the work from a program of another type, such as `syscall`") {
    } => "tracing progs cannot use bpf_wq yet";

    /// The program refers to a map that holds kernel operations.
    StructOpsMapInProg("struct-ops-map-in-program", EINVAL, help: "leave struct_ops maps to the loader") {
    } => "bpf_struct_ops map cannot be used in prog";

    /// A sleepable program refers to a map of a kind whose elements may vanish while it sleeps.
    SleepableMap("map-not-for-sleepable", EINVAL, help: "use an array, a hash table, a ring buffer or local storage") {
    } => "Sleepable programs can only use array, hash, ringbuf and local storage maps";

    /// An offset into a map's value is beyond all bounds.
    ValueOffsetTooLarge("map-value-offset-too-large", EINVAL, help: "stay within the value") {
        off: u32,
    } => "direct value offset of {off} is not allowed";

    /// The address of a value was taken in a map of a kind that has none.
    ///
    /// Only arrays of one element, such as data sections, and arenas have values with a known address.
    NoDirectValue("map-without-direct-value", EINVAL, help: "look the value up instead") {
    } => "no direct value access support for this map type";

    /// The address lies outside the map's value, or the map has more elements than one.
    DirectValueOutside("direct-value-outside", EINVAL, help: "stay within the value; for arrays of several elements, look the element up") {
        size: u32, off: u32,
    } => "invalid access to map value pointer, value_size={size} off={off}";

    /// The program refers to two cgroup storages of the same kind.
    SecondCgroupStorage("second-cgroup-storage", EBUSY, help: "join the two storages into one") {
    } => "only one cgroup storage of each type is allowed";

    /// The program refers to two arenas.
    SecondArena("second-arena", EBUSY, help: "put everything into one arena") {
    } => "Only one arena per program";
}

/// Maps that were referred to so far.
#[derive(Debug, Default)]
pub(super) struct Used {
    maps: Vec<u32>,
    has_arena: bool,
    cgroup_storages: Vec<MapType>,
}

impl Used {
    /// The address of the map itself.
    pub(super) fn address(&mut self, env: &Env<'_>, fd: i32) -> Step<Imm64> {
        let index = self.add(env, fd)?;
        Ok(Imm64::Map(index))
    }

    /// The address of a byte of the map's only value.
    pub(super) fn value(&mut self, env: &Env<'_>, fd: i32, off: u32) -> Step<Imm64> {
        let index = self.add(env, fd)?;
        let map = &env.prog.maps[index as usize];
        if off >= MAX_VALUE_OFF {
            return Err(ValueOffsetTooLarge { off }.into());
        }
        let fits = match map.map_type {
            MapType::Array => map.max_entries == 1 && off < map.value_size,
            MapType::Arena => u64::from(off) <= u64::from(map.max_entries) * PAGE_SIZE,
            _ => return Err(NoDirectValue {}.into()),
        };
        match fits {
            true => Ok(Imm64::MapValue(index, off)),
            false => Err(outside(map, off)),
        }
    }

    fn add(&mut self, env: &Env<'_>, fd: i32) -> Step<u32> {
        let known = u32::try_from(fd).ok().filter(|&at| (at as usize) < env.prog.maps.len());
        let Some(index) = known else { return Err(BadMapFd { fd }.into()) };
        if self.maps.contains(&index) {
            return Ok(index);
        }
        if self.maps.len() >= MAX_USED_MAPS {
            return Err(TooManyMaps { max: MAX_USED_MAPS }.into());
        }
        check_suits(env, index)?;
        self.maps.push(index);
        match env.prog.maps[index as usize].map_type {
            kind @ (MapType::CgroupStorage | MapType::PercpuCgroupStorage) => {
                if self.cgroup_storages.contains(&kind) {
                    return Err(SecondCgroupStorage {}.into());
                }
                self.cgroup_storages.push(kind);
            }
            MapType::Arena => {
                if self.has_arena {
                    return Err(SecondArena {}.into());
                }
                self.has_arena = true;
            }
            _ => {}
        }
        Ok(index)
    }
}

/// The kernel's error numbers differ by what is wrong.
fn outside(map: &Map<'_>, off: u32) -> Box<Stop> {
    let errno = match map.map_type {
        MapType::Arena => skep_abi::Errno::ERANGE,
        _ if map.max_entries != 1 => skep_abi::Errno::ENOTSUPP,
        _ => skep_abi::Errno::EINVAL,
    };
    let mut stop = Box::<Stop>::from(DirectValueOutside { size: map.value_size, off });
    if let Stop::Reject(reject) = &mut *stop {
        reject.errno = errno;
    }
    stop
}

/// Whether a map suits the type of the program (`check_map_prog_compatibility`).
fn check_suits(env: &Env<'_>, index: u32) -> Step {
    let map = &env.prog.maps[index as usize];
    let record = env.map_record(index, false);
    let is_tracing = is_tracing(env.prog.prog_type);
    if is_tracing && record.has_graph_root() {
        return Err(TracingWithGraph {}.into());
    }
    if record.has(|kind| kind == FieldKind::SpinLock) {
        if env.prog.prog_type == ProgType::SocketFilter {
            return Err(SocketFilterWithLock {}.into());
        }
        if is_tracing {
            return Err(TracingWithLock {}.into());
        }
    }
    if is_tracing && record.has(|kind| kind == FieldKind::Timer) {
        return Err(TracingWithTimer {}.into());
    }
    if is_tracing && record.has(|kind| kind == FieldKind::Wq) {
        return Err(TracingWithWq {}.into());
    }
    if map.map_type == MapType::StructOps {
        return Err(StructOpsMapInProg {}.into());
    }
    if env.prog.sleepable && !suits_sleepable(map.map_type) {
        return Err(SleepableMap {}.into());
    }
    Ok(())
}

/// Programs that may run in any context (`is_tracing_prog_type`).
fn is_tracing(prog_type: ProgType) -> bool {
    matches!(
        prog_type,
        ProgType::Kprobe
            | ProgType::Tracepoint
            | ProgType::PerfEvent
            | ProgType::RawTracepoint
            | ProgType::RawTracepointWritable
    )
}

fn suits_sleepable(kind: MapType) -> bool {
    matches!(
        kind,
        MapType::Hash
            | MapType::LruHash
            | MapType::Array
            | MapType::PercpuHash
            | MapType::PercpuArray
            | MapType::LruPercpuHash
            | MapType::ArrayOfMaps
            | MapType::HashOfMaps
            | MapType::Ringbuf
            | MapType::UserRingbuf
            | MapType::InodeStorage
            | MapType::SkStorage
            | MapType::TaskStorage
            | MapType::CgrpStorage
            | MapType::Queue
            | MapType::Stack
            | MapType::Arena
    )
}
