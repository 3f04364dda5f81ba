//! The prototypes of all helpers, held against what the running kernel says to wrong arguments.

use std::collections::{BTreeMap, BTreeSet};
use std::os::fd::AsRawFd as _;

use skep_abi::{
    ArgBase, ArgProto, CallTable as _, HelperAnswer, HelperProto, KfuncAnswer, KfuncFlags,
    MapAnswer, MapType, ProgType, TypeFlags,
};
use skep_btf::Kind;
use skep_calls::KernelCalls;

use super::asm::Asm;
use super::bpf::{Map, Refused};
use super::host::{Loader, attached_elsewhere, loaders, vmlinux};
use super::{COMPARED, running};

/// Where a pointer to the current task is kept, and the context.
const TASK: u8 = 7;
const CTX: u8 = 6;
const GET_CURRENT_TASK_BTF: u32 = 158;

/// A map of each kind that needs no BTF.
fn maps() -> Vec<(MapType, Map)> {
    use MapType as M;
    let kinds = [
        (M::Hash, 8, 8, 4, 0),
        (M::Array, 4, 8, 4, 0),
        (M::ProgArray, 4, 4, 1, 0),
        (M::PerfEventArray, 4, 4, 1, 0),
        (M::PercpuHash, 8, 8, 4, 0),
        (M::PercpuArray, 4, 8, 4, 0),
        (M::StackTrace, 4, 128, 4, 0),
        (M::CgroupArray, 4, 4, 1, 0),
        (M::LruHash, 8, 8, 4, 0),
        (M::LruPercpuHash, 8, 8, 4, 0),
        (M::LpmTrie, 8, 8, 4, 1),
        (M::Devmap, 4, 4, 4, 0),
        (M::Sockmap, 4, 4, 4, 0),
        (M::Cpumap, 4, 4, 1, 0),
        (M::Xskmap, 4, 4, 4, 0),
        (M::Sockhash, 4, 4, 4, 0),
        (M::CgroupStorage, 16, 8, 0, 0),
        (M::ReuseportSockarray, 4, 8, 4, 0),
        (M::PercpuCgroupStorage, 16, 8, 0, 0),
        (M::Queue, 0, 8, 4, 0),
        (M::Stack, 0, 8, 4, 0),
        (M::DevmapHash, 4, 4, 4, 0),
        (M::Ringbuf, 0, 0, 4096, 0),
        (M::BloomFilter, 0, 8, 4, 0),
        (M::UserRingbuf, 0, 0, 4096, 0),
    ];
    let create = |(kind, key, value, entries, flags)| {
        Map::create(kind as u32, key, value, entries, flags).ok().map(|map| (kind, map))
    };
    kinds.into_iter().filter_map(create).collect()
}

/// Head of every program: the context and the current task are kept, 64 bytes of stack are zero.
fn head(task: bool) -> Asm {
    let mut asm = Asm::default().mov(CTX, 1);
    for off in (-64..0).step_by(8) {
        asm = asm.store_zero(10, off);
    }
    if task { asm.call(GET_CURRENT_TASK_BTF).mov(TASK, 0) } else { asm }
}

/// Puts something into the register that the argument accepts; `None` where that takes more than a few insns.
fn right(asm: Asm, reg: u8, arg: &ArgProto, map: Option<&Map>, task: bool) -> Option<Asm> {
    let stack = |asm: Asm| asm.mov(reg, 10).add(reg, -64);
    Some(match arg.base {
        ArgBase::DontCare => asm,
        ArgBase::Ctx => asm.mov(reg, CTX),
        ArgBase::ConstMapPtr => asm.map(reg, map?.fd.as_raw_fd()),
        ArgBase::MapKey | ArgBase::MapValue | ArgBase::Mem => stack(asm),
        ArgBase::ConstSize | ArgBase::ConstSizeOrZero => asm.set(reg, 8),
        ArgBase::ConstAllocSizeOrZero => asm.set(reg, 8),
        ArgBase::Anything => asm.set(reg, 0),
        ArgBase::Stack => stack(asm),
        ArgBase::BtfId if arg.btf == Some("task_struct") && task => asm.mov(reg, TASK),
        _ => return None,
    })
}

/// What the kernel says that it expects instead of a scalar, or instead of the stack where it wants a scalar.
fn expected(arg: &ArgProto) -> Option<&'static str> {
    const MEM: &str = "fp, pkt, pkt_meta, map_key, map_value, mem, ringbuf_mem, buf, trusted_ptr_";
    Some(match arg.base {
        ArgBase::DontCare | ArgBase::Anything => return None,
        ArgBase::ConstMapPtr => "map_ptr",
        ArgBase::MapKey | ArgBase::MapValue | ArgBase::Mem => MEM,
        ArgBase::Arena => return None,
        ArgBase::ConstSize | ArgBase::ConstSizeOrZero | ArgBase::ConstAllocSizeOrZero => "scalar",
        ArgBase::Ctx => "ctx",
        ArgBase::SpinLock | ArgBase::KptrXchgDest => "map_value, ptr_",
        ArgBase::SockCommon => "sock_common, sock, tcp_sock, xdp_sock",
        ArgBase::Socket => "sock",
        ArgBase::BtfId if arg.flags.contains(TypeFlags::OBJ_RELEASE) => return None,
        ArgBase::BtfId => "ptr_, trusted_ptr_, rcu_ptr_",
        ArgBase::RingbufMem => "ringbuf_mem",
        ArgBase::BtfIdSockCommon => "sock_common, sock, tcp_sock, xdp_sock, ptr_, trusted_ptr_",
        ArgBase::PercpuBtfId => "percpu_ptr_, percpu_rcu_ptr_, percpu_trusted_ptr_",
        ArgBase::Func => "func",
        ArgBase::Stack => "fp",
        ArgBase::ConstStr | ArgBase::Timer => "map_value",
        ArgBase::Dynptr => "fp, dynptr_ptr",
    })
}

/// Whether a wrong argument at this position is told as `Rn type=…`.
fn is_told(arg: &ArgProto) -> bool {
    // What releases asks for its reference first.
    expected(arg).is_some() && !arg.flags.contains(TypeFlags::OBJ_RELEASE)
}

/// Every helper of every program type that can be loaded here.
fn pairs() -> Vec<(&'static HelperProto, Loader)> {
    let asked = |loader: &Loader, id| {
        // A kernel that is locked down lacks this one.
        let hidden = KernelCalls::OPEN.helper_name(id) == Some("bpf_probe_write_user");
        match KernelCalls::OPEN.helper(id, &loader.caller(COMPARED[0])) {
            HelperAnswer::Proto(proto) if !hidden => Some(proto),
            _ => None,
        }
    };
    let of = |loader: Loader| (1..=211).filter_map(move |id| Some((asked(&loader, id)?, loader)));
    loaders().into_iter().flat_map(of).collect()
}

/// Each prototype with one way to load a program that may call it; a sleepable program where it must be one.
fn askable() -> Vec<(&'static HelperProto, Loader)> {
    let mut found = BTreeMap::new();
    for (proto, loader) in pairs() {
        if loader.caller(COMPARED[0]).sleepable || !proto.might_sleep {
            found.entry(std::ptr::from_ref(proto).addr()).or_insert((proto, loader));
        }
    }
    found.into_values().collect()
}

/// A kind of map that goes with the helper.
fn map_for<'a>(
    proto: &HelperProto,
    loader: &Loader,
    maps: &'a [(MapType, Map)],
) -> Option<&'a Map> {
    let caller = loader.caller(COMPARED[0]);
    let takes = |kind| KernelCalls::OPEN.map_takes(kind, proto.id, &caller) == MapAnswer::Takes;
    maps.iter().find(|(kind, _)| takes(*kind)).map(|(_, map)| map)
}

#[test]
fn every_helper_is_for_the_programs_that_the_running_kernel_gives_it_to() {
    if running(COMPARED).is_none() {
        return;
    }
    let (mut wrong, mut compared) = (Vec::new(), 0);
    for loader in loaders().into_iter().chain(attached_elsewhere()) {
        let caller = loader.caller(COMPARED[0]);
        for id in 1..=211 {
            let name = KernelCalls::OPEN.helper_name(id).unwrap();
            // A kernel that is locked down lacks this one.
            if name == "bpf_probe_write_user" {
                continue;
            }
            let asm = Asm::default().call(id).set(0, loader.ret).exit();
            let refused = loader.load(&asm).err();
            let log = refused.as_ref().map_or("", |refused| refused.log.as_str());
            let theirs = match refused {
                _ if log.contains("cannot use helper") => "denied",
                _ if log.contains("is not allowed in probe") => "not allowed",
                Some(Refused { errno: 524, .. }) => "unsupported",
                // Anything else is about the arguments.
                _ => "has it",
            };
            let ours = match KernelCalls::OPEN.helper(id, &caller) {
                HelperAnswer::Denied => "denied",
                HelperAnswer::NotAllowed(_) => "not allowed",
                // The arguments are looked at before, and there are none.
                HelperAnswer::Unsupported(_) if theirs == "has it" => "has it",
                HelperAnswer::Unsupported(_) => "unsupported",
                HelperAnswer::Proto(_) => "has it",
                other => panic!("{name}: {other:?}"),
            };
            compared += 1;
            if ours != theirs {
                wrong.push(format!("{loader:?} {name}: skep {ours}, kernel {theirs}"));
            }
        }
    }
    println!("{compared} answers compared");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_kfunc_is_for_the_programs_that_the_running_kernel_gives_it_to() {
    if running(COMPARED).is_none() {
        return;
    }
    let Some(btf) = vmlinux() else { return };
    let sets = [
        include_str!("../../../../../facts/kfunc-sets-6.12-modules.tsv"),
        include_str!("../../../../../facts/kfunc-sets-6.18.15.tsv"),
        include_str!("../../../../../facts/kfunc-sets-7.2.13.tsv"),
    ];
    let names: BTreeSet<&str> = sets
        .iter()
        .flat_map(|set| set.lines())
        .filter_map(|line| line.split('\t').nth(1))
        .collect();
    let kfuncs: Vec<(&str, u32)> = names
        .into_iter()
        .chain(["schedule", "bpf_prog_put"])
        .filter_map(|name| Some((name, btf.find(name, Kind::Func)?.0)))
        .collect();
    let loaders: Vec<Loader> = loaders().into_iter().chain(attached_elsewhere()).collect();
    let load = |loader: &Loader, id| {
        let asm = Asm::default().call_kfunc(id).set(0, loader.ret).exit();
        loader.load(&asm).map_or_else(|refused| refused.log, |()| String::new())
    };
    // The kernel's options are not to be seen everywhere; system call programs tell of this one.
    let verify = kfuncs.iter().find(|(name, _)| *name == "bpf_verify_pkcs7_signature");
    let syscall = loaders.iter().find(|loader| loader.prog_type == ProgType::Syscall);
    let data_verification = match (verify, syscall) {
        (Some((_, id)), Some(loader)) => !load(loader, *id).contains("is not allowed"),
        _ => true,
    };
    let calls = KernelCalls { data_verification, ..KernelCalls::OPEN };
    let (mut wrong, mut compared) = (Vec::new(), 0);
    for loader in &loaders {
        let caller = loader.caller(COMPARED[0]);
        for (name, id) in &kfuncs {
            let log = load(loader, *id);
            let theirs = match () {
                () if log.contains(&format!("calling kernel function {name} is not allowed")) => {
                    "denied"
                }
                () if log.contains("program must be sleepable to call sleepable kfunc") => "sleeps",
                // Anything else is about the arguments, or comes before.
                () => "has it",
            };
            let ours = match calls.kfunc(name, &caller) {
                KfuncAnswer::Denied => "denied",
                KfuncAnswer::Proto(proto)
                    if proto.flags.contains(KfuncFlags::SLEEPABLE) && !caller.sleepable =>
                {
                    "sleeps"
                }
                KfuncAnswer::Proto(_) => "has it",
                KfuncAnswer::NotModelled => "not modelled",
            };
            compared += 1;
            if ours != theirs {
                let last = log.lines().rev().find(|line| !line.starts_with("processed"));
                wrong.push(format!("{loader:?} {name}: skep {ours}, kernel {theirs}: {last:?}"));
            }
        }
    }
    println!("{compared} answers about {} kfuncs compared", kfuncs.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_argument_is_of_the_type_that_the_running_kernel_expects() {
    if running(COMPARED).is_none() {
        return;
    }
    let maps = maps();
    let (mut wrong, mut compared) = (Vec::new(), 0);
    let mut ids = BTreeSet::new();
    for (proto, loader) in askable() {
        let version = COMPARED[0];
        let task = matches!(
            KernelCalls::OPEN.helper(GET_CURRENT_TASK_BTF, &loader.caller(version)),
            HelperAnswer::Proto(_)
        );
        let map = map_for(proto, &loader, &maps);
        let mut before = Some(head(task));
        for (reg, arg) in (1u8..).zip(&proto.args) {
            let Some(asm) = before.clone() else { break };
            let ask = |asm: Asm| match loader.load(&asm.call(proto.id).set(0, loader.ret).exit()) {
                Ok(()) => String::new(),
                Err(refused) => refused.log,
            };
            let mut tell = |what: String, log: &str| {
                let last = log.lines().rev().find(|line| !line.starts_with("processed"));
                let prog = loader.prog_type.name();
                wrong.push(format!("{prog} {} R{reg}: {what}: {last:?}", proto.name));
            };
            let log = ask(if reg == 1 { asm.clone().mov(1, 9) } else { asm.clone() });
            let read = log.contains(&format!("R{reg} !read_ok")) || log.contains("R9 !read_ok");
            if reg > 1 && read != (arg.base != ArgBase::DontCare) {
                tell(format!("the kernel reads it: {read}"), &log);
            }
            if is_told(arg) {
                let text = expected(arg).unwrap();
                let bad = if text == "scalar" {
                    asm.clone().mov(reg, 10)
                } else {
                    asm.clone().set(reg, 1)
                };
                let log = ask(bad);
                compared += 1;
                let found = if text == "scalar" { "fp" } else { "scalar" };
                if !log.contains(&format!("R{reg} type={found} expected={text}\n")) {
                    tell(format!("expected {text}"), &log);
                }
            }
            if is_told(arg) && arg.base != ArgBase::Ctx && expected(arg) != Some("scalar") {
                let log = ask(asm.clone().set(reg, 0));
                let refused = log.contains(&format!("R{reg} type=scalar expected="));
                if refused == arg.flags.contains(TypeFlags::PTR_MAYBE_NULL) {
                    tell(format!("the kernel refuses null: {refused}"), &log);
                }
            }
            before = right(asm, reg, arg, map, task);
        }
        ids.insert(proto.id);
    }
    println!("{compared} arguments of {} helpers compared", ids.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Loads a call with the right arguments but for one, or with right ones only where `other` is no argument; `None` where that takes more than a few insns.
fn with_one_other(
    proto: &HelperProto,
    loader: &Loader,
    map: Option<&Map>,
    other: u8,
    put: impl Fn(Asm) -> Asm,
) -> Option<String> {
    let caller = loader.caller(COMPARED[0]);
    let may_task = KernelCalls::OPEN.helper(GET_CURRENT_TASK_BTF, &caller);
    let task = matches!(may_task, HelperAnswer::Proto(_));
    let mut asm = head(task);
    for (reg, arg) in (1u8..).zip(&proto.args) {
        asm = if reg == other { put(asm) } else { right(asm, reg, arg, map, task)? };
    }
    let asm = asm.call(proto.id).set(0, loader.ret).exit();
    Some(loader.load(&asm).map_or_else(|refused| refused.log, |()| String::new()))
}

#[test]
fn memory_is_written_and_is_as_long_as_the_prototypes_say() {
    if running(COMPARED).is_none() {
        return;
    }
    let maps = maps();
    // Programs may only read the one, may read and write the other.
    let (Ok(read), Ok(both)) = (Map::create(2, 4, 64, 1, 1 << 7), Map::create(2, 4, 64, 1, 0))
    else {
        skep_skip::skipped!("the kernel makes no maps for us");
        return;
    };
    let (mut wrong, mut written, mut sized) = (Vec::new(), 0, 0);
    for (proto, loader) in askable() {
        let map = map_for(proto, &loader, &maps);
        for (reg, arg) in (1u8..).zip(&proto.args) {
            if !matches!(arg.base, ArgBase::Mem | ArgBase::MapKey | ArgBase::MapValue) {
                continue;
            }
            let value = |fd: i32, off| move |asm: Asm| asm.map_value(reg, fd, off);
            let ask = |put: &dyn Fn(Asm) -> Asm| with_one_other(proto, &loader, map, reg, put);
            let Some(log) = ask(&value(read.fd.as_raw_fd(), 0)) else { continue };
            let theirs = log.contains("write into map forbidden");
            written += usize::from(theirs);
            if theirs != arg.flags.contains(TypeFlags::MEM_WRITE) {
                wrong.push(format!("{} R{reg}: the kernel writes: {theirs}: {log}", proto.name));
            }
            if !arg.flags.contains(TypeFlags::MEM_FIXED_SIZE) {
                continue;
            }
            let size = arg.size as i32;
            sized += 1;
            for (off, fits) in [(64 - size, true), (68 - size, false)] {
                let log = ask(&value(both.fd.as_raw_fd(), off)).unwrap();
                if log.contains("invalid access to map value") == fits {
                    wrong.push(format!("{} R{reg}: {off} of 64 fits {fits}: {log}", proto.name));
                }
            }
        }
    }
    println!("{written} written, {sized} of fixed size");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn licences_and_sleeping_are_asked_for_as_the_prototypes_say() {
    if running(COMPARED).is_none() {
        return;
    }
    let mut wrong = Vec::new();
    for (proto, loader) in pairs() {
        let asm = Asm::default().call(proto.id).set(0, loader.ret).exit();
        let log = loader.load(&asm).map_or_else(|refused| refused.log, |()| String::new());
        let sleeps = log.contains("helper call might sleep in a non-sleepable prog");
        let caller = loader.caller(COMPARED[0]);
        if sleeps != (proto.might_sleep && !caller.sleepable) {
            wrong.push(format!("{}: the kernel says that it sleeps: {sleeps}", proto.name));
        }
        // Programs of struct_ops are refused for their licence before.
        if loader.prog_type == ProgType::StructOps {
            continue;
        }
        let log =
            loader.load_as(&asm, false).map_or_else(|refused| refused.log, |()| String::new());
        let restricted = log.contains("GPL-restricted function");
        if restricted != proto.gpl_only {
            wrong.push(format!("{}: the kernel wants GPL: {restricted}", proto.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn each_kind_of_map_goes_with_the_helpers_that_the_running_kernel_passes_it_to() {
    if running(COMPARED).is_none() {
        return;
    }
    let maps = maps();
    let (mut wrong, mut compared) = (Vec::new(), 0);
    for (proto, loader) in askable() {
        let caller = loader.caller(COMPARED[0]);
        let takes_map = proto.args.iter().any(|arg| arg.base == ArgBase::ConstMapPtr);
        for (kind, map) in maps.iter().filter(|_| takes_map) {
            let all_right = with_one_other(proto, &loader, Some(map), 0, |asm| asm);
            let Some(log) = all_right else { continue };
            let theirs = match log.contains("cannot pass map_type") {
                false => MapAnswer::Takes,
                true if log.contains("cannot update sockmap in this context") => {
                    MapAnswer::NoSockmapUpdate
                }
                true => MapAnswer::Refused,
            };
            // Sizes of keys and values that do not fit what `right` passes are told first.
            let about_map = theirs != MapAnswer::Takes || log.is_empty();
            let ours = KernelCalls::OPEN.map_takes(*kind, proto.id, &caller);
            compared += usize::from(about_map);
            if about_map && ours != theirs {
                let prog = loader.prog_type.name();
                wrong.push(format!(
                    "{prog} {} {}: {ours:?}, not {theirs:?}",
                    proto.name,
                    kind.name()
                ));
            }
        }
    }
    println!("{compared} pairs compared");
    assert!(compared > 500, "{compared}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
