//! What generated programs live among: program types, maps, types and kernel functions, in the kernel and for skep.

use std::os::fd::{AsFd, AsRawFd};

use skep_abi::{AttachType, MapType, ProgType};
use skep_btf::{Btf, BtfBuilder, Kind, Linkage, MemberDef, ParamDef, TypeDef, TypeId};
use skep_host::{KernelBtf, Map, MapAttr};
use skep_object::KernelProfile;

/// A kind of program to generate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) name: &'static str,
    pub(crate) prog_type: ProgType,
    pub(crate) attach_type: AttachType,
    pub(crate) attach_btf_id: Option<TypeId>,
    pub(crate) sleepable: bool,
    pub(crate) context: Context,
}

/// What the context holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Context {
    /// `struct __sk_buff`; whether packet data may be read directly.
    Skb(bool),
    Xdp,
    PerfEvent,
    /// `struct pt_regs`.
    Regs,
    /// Plain bytes: tracepoint, syscall; whether they may be written.
    Bytes(u32, bool),
    /// Numbers of 8 bytes: raw tracepoints.
    Args(u32),
    /// A trusted `task_struct`, then a number: `tp_btf/task_newtask`.
    Task,
}

/// A map of the world.
#[derive(Clone, Debug)]
pub(crate) struct WorldMap {
    pub(crate) name: &'static str,
    pub(crate) kind: MapType,
    pub(crate) key_size: u32,
    pub(crate) value_size: u32,
    pub(crate) max_entries: u32,
    pub(crate) flags: u32,
    pub(crate) value_type: Option<TypeId>,
    pub(crate) inner: bool,
    pub(crate) frozen: bool,
}

/// Indices of maps that statements ask for by what they are.
pub(crate) mod map {
    pub(crate) const ARRAY: usize = 0;
    pub(crate) const HASH: usize = 1;
    pub(crate) const PERCPU_ARRAY: usize = 2;
    pub(crate) const LRU: usize = 3;
    pub(crate) const RINGBUF: usize = 4;
    pub(crate) const PROGS: usize = 5;
    pub(crate) const EVENTS: usize = 6;
    pub(crate) const STACKS: usize = 7;
    pub(crate) const LOCKED: usize = 8;
    pub(crate) const TIMERS: usize = 9;
    pub(crate) const KPTRS: usize = 10;
    pub(crate) const OUTER: usize = 11;
    pub(crate) const READONLY: usize = 12;
    pub(crate) const WRITEONLY: usize = 13;
    pub(crate) const QUEUE: usize = 14;
    pub(crate) const CONSTANTS: usize = 15;
    pub(crate) const LPM: usize = 16;
    pub(crate) const BLOOM: usize = 17;
    pub(crate) const GRAPH: usize = 18;
    pub(crate) const BIG: usize = 19;
}

/// Types of the world's BTF.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Types {
    /// Static functions: the program itself, callbacks, subprograms.
    pub(crate) main: TypeId,
    pub(crate) callback: TypeId,
    pub(crate) sub: TypeId,
    /// Global functions: of numbers, of a pointer to memory.
    pub(crate) global: TypeId,
    pub(crate) global_mem: TypeId,
    /// A struct to allocate, and one that is a node.
    pub(crate) pair: TypeId,
    pub(crate) node: TypeId,
}

/// Everything.
pub(crate) struct World {
    pub(crate) profile: KernelProfile,
    pub(crate) btf: Btf,
    pub(crate) types: Types,
    pub(crate) maps: Vec<WorldMap>,
    pub(crate) targets: Vec<Target>,
    pub(crate) constants: Vec<u8>,
    /// The type of keys.
    pub(crate) int: TypeId,
    kernel_btf: KernelBtf,
    kernel_maps: Vec<Map>,
    /// A map of programs for each kind of program: the first that uses one decides whose it is.
    program_maps: Vec<Map>,
    /// Kept as long as the map of maps.
    _inner: Map,
}

impl World {
    pub(crate) fn new() -> Result<Self, String> {
        let profile = skep::profile::running().map_err(|e| e.to_string())?;
        let (btf, types, values) = btf().map_err(|e| e.to_string())?;
        let kernel_btf = skep_host::load_btf(&btf).map_err(|e| e.to_string())?;
        let maps = maps(&values);
        let constants: Vec<u8> = (0..64_u8).map(|at| at.wrapping_mul(37)).collect();
        let inner = create(&inner_spec(), &kernel_btf, None, &values)?;
        let mut kernel_maps = Vec::new();
        for spec in &maps {
            kernel_maps.push(create(spec, &kernel_btf, spec.inner.then_some(&inner), &values)?);
        }
        let frozen = &kernel_maps[map::CONSTANTS];
        frozen.update(&[0; 4], &constants).map_err(|e| e.to_string())?;
        frozen.freeze().map_err(|e| e.to_string())?;
        let targets = targets(&profile);
        let program_maps = targets
            .iter()
            .map(|_| create(&maps[map::PROGS], &kernel_btf, None, &values))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            profile,
            btf,
            types,
            maps,
            targets,
            constants,
            int: values.int,
            kernel_btf,
            kernel_maps,
            program_maps,
            _inner: inner,
        })
    }

    pub(crate) fn kernel_btf(&self) -> &KernelBtf {
        &self.kernel_btf
    }

    /// The descriptor of a map as insns of a program of this kind have it.
    pub(crate) fn fd(&self, target: &Target, index: i32) -> Option<i32> {
        let index = usize::try_from(index).ok()?;
        let own = self.targets.iter().position(|one| one.name == target.name);
        let map = match (index, own) {
            (map::PROGS, Some(own)) => self.program_maps.get(own)?,
            _ => self.kernel_maps.get(index)?,
        };
        Some(map.as_fd().as_raw_fd())
    }

    /// The id of a kernel function.
    pub(crate) fn kfunc(&self, name: &str) -> Option<i32> {
        let id = self.profile.btf.find(name, Kind::Func)?;
        i32::try_from(id.0).ok()
    }
}

/// Inner maps are like this.
pub(crate) fn inner_spec() -> WorldMap {
    plain("inner", MapType::Array, 4, 16, 4)
}

fn plain(
    name: &'static str,
    kind: MapType,
    key_size: u32,
    value_size: u32,
    max_entries: u32,
) -> WorldMap {
    WorldMap {
        name,
        kind,
        key_size,
        value_size,
        max_entries,
        flags: 0,
        value_type: None,
        inner: false,
        frozen: false,
    }
}

/// Types of values.
struct Values {
    int: TypeId,
    locked: TypeId,
    timer: TypeId,
    kptr: TypeId,
    graph: TypeId,
    plain: TypeId,
}

fn maps(values: &Values) -> Vec<WorldMap> {
    use MapType as M;
    let typed = |map: WorldMap, ty| WorldMap { value_type: Some(ty), ..map };
    let flagged = |map: WorldMap, flags| WorldMap { flags, ..map };
    const NO_PREALLOC: u32 = 1;
    const RDONLY_PROG: u32 = 1 << 7;
    const WRONLY_PROG: u32 = 1 << 8;
    vec![
        plain("array", M::Array, 4, 48, 8),
        plain("hash", M::Hash, 8, 48, 8),
        plain("percpu", M::PercpuArray, 4, 32, 4),
        plain("lru", M::LruHash, 4, 16, 8),
        plain("ringbuf", M::Ringbuf, 0, 0, 4096),
        plain("progs", M::ProgArray, 4, 4, 4),
        plain("events", M::PerfEventArray, 4, 4, 4),
        plain("stacks", M::StackTrace, 4, 8 * 16, 4),
        typed(plain("locked", M::Array, 4, 48, 4), values.locked),
        typed(plain("timers", M::Array, 4, 32, 4), values.timer),
        typed(plain("kptrs", M::Array, 4, 32, 4), values.kptr),
        WorldMap { inner: true, ..plain("outer", M::ArrayOfMaps, 4, 4, 4) },
        flagged(plain("readonly", M::Array, 4, 16, 4), RDONLY_PROG),
        flagged(plain("writeonly", M::Array, 4, 16, 4), WRONLY_PROG),
        plain("queue", M::Queue, 0, 16, 4),
        WorldMap { frozen: true, ..flagged(plain("constants", M::Array, 4, 64, 1), RDONLY_PROG) },
        flagged(plain("lpm", M::LpmTrie, 8, 8, 4), NO_PREALLOC),
        plain("bloom", M::BloomFilter, 0, 8, 8),
        typed(plain("graph", M::Array, 4, 48, 4), values.graph),
        plain("big", M::Array, 4, 4096, 1),
        flagged(typed(plain("tasks", M::TaskStorage, 4, 16, 0), values.plain), NO_PREALLOC),
        plain("user_ringbuf", M::UserRingbuf, 0, 0, 4096),
    ]
}

fn create(
    spec: &WorldMap,
    btf: &KernelBtf,
    inner: Option<&Map>,
    values: &Values,
) -> Result<Map, String> {
    let attr = MapAttr {
        name: spec.name,
        kind: spec.kind,
        key_size: spec.key_size,
        value_size: spec.value_size,
        max_entries: spec.max_entries,
        flags: spec.flags,
        extra: 0,
        kernel_value: 0,
        types: spec.value_type.map(|value| (btf, values.int.0, value.0)),
        inner,
    };
    Map::create(&attr).map_err(|e| e.to_string())
}

fn targets(profile: &KernelProfile) -> Vec<Target> {
    use Context as C;
    use ProgType as P;
    let target = |name, prog_type, context| Target {
        name,
        prog_type,
        attach_type: AttachType::CgroupInetIngress,
        attach_btf_id: None,
        sleepable: false,
        context,
    };
    let mut targets = vec![
        target("socket_filter", P::SocketFilter, C::Skb(false)),
        target("sched_cls", P::SchedCls, C::Skb(true)),
        target("cgroup_skb", P::CgroupSkb, C::Skb(true)),
        target("xdp", P::Xdp, C::Xdp),
        target("perf_event", P::PerfEvent, C::PerfEvent),
        target("kprobe", P::Kprobe, C::Regs),
        target("tracepoint", P::Tracepoint, C::Bytes(64, false)),
        target("raw_tracepoint", P::RawTracepoint, C::Args(12)),
        Target { sleepable: true, ..target("syscall", P::Syscall, C::Bytes(64, true)) },
    ];
    if let Some(id) = profile.btf.find("btf_trace_task_newtask", Kind::Typedef) {
        targets.push(Target {
            attach_type: AttachType::TraceRawTp,
            attach_btf_id: Some(id),
            ..target("tp_btf", P::Tracing, C::Task)
        });
    }
    targets
}

fn opaque(btf: &mut BtfBuilder, name: &str, words: u32, word: TypeId, int: TypeId) -> Made {
    let array = btf.push(&TypeDef::Array { element: word, index: int, len: words })?;
    btf.push(&TypeDef::Struct {
        name: name.into(),
        size: words * 8,
        members: vec![MemberDef::at("__opaque", array, 0)],
    })
}

type Made = Result<TypeId, skep_btf::WriteError>;

fn btf() -> Result<(Btf, Types, Values), skep_btf::WriteError> {
    let mut b = BtfBuilder::new();
    let int = b.push(&TypeDef::int("int", 4, true))?;
    let long = b.push(&TypeDef::int("long", 8, true))?;
    let record = |b: &mut BtfBuilder, name: &str, size, members| {
        b.push(&TypeDef::Struct { name: name.to_owned(), size, members })
    };
    let lock = record(&mut b, "bpf_spin_lock", 4, vec![MemberDef::at("val", int, 0)])?;
    let count = record(&mut b, "bpf_refcount", 4, vec![MemberDef::at("refs", int, 0)])?;
    let timer = opaque(&mut b, "bpf_timer", 2, long, int)?;
    let head = opaque(&mut b, "bpf_list_head", 2, long, int)?;
    let root = opaque(&mut b, "bpf_rb_root", 2, long, int)?;
    let list_node = opaque(&mut b, "bpf_list_node", 3, long, int)?;
    let rb_node = opaque(&mut b, "bpf_rb_node", 4, long, int)?;
    let members = vec![
        MemberDef::at("a", int, 0),
        MemberDef::at("lock", lock, 4),
        MemberDef::at("b", long, 8),
    ];
    let locked = record(&mut b, "locked", 48, members)?;
    let members = vec![MemberDef::at("a", long, 0), MemberDef::at("timer", timer, 8)];
    let timer = record(&mut b, "timer_value", 32, members)?;
    let task = record(&mut b, "task_struct", 8, vec![MemberDef::at("a", long, 0)])?;
    let tag = |b: &mut BtfBuilder, value: &str| -> Made {
        let value = value.to_owned();
        let tag = b.push(&TypeDef::TypeTag { value, target: task, is_attribute: false })?;
        b.push(&TypeDef::Ptr { target: tag })
    };
    let (kept, untrusted) = (tag(&mut b, "kptr")?, tag(&mut b, "kptr_untrusted")?);
    let members = vec![
        MemberDef::at("task", kept, 0),
        MemberDef::at("a", long, 8),
        MemberDef::at("old", untrusted, 16),
    ];
    let kptr = record(&mut b, "kptr_value", 32, members)?;
    let members = vec![
        MemberDef::at("key", long, 0),
        MemberDef::at("l", list_node, 8),
        MemberDef::at("r", rb_node, 32),
        // An object can be in a list and in a tree only when its references are counted.
        MemberDef::at("count", count, 64),
    ];
    let node = record(&mut b, "node", 72, members)?;
    let members = vec![
        MemberDef::at("lock", lock, 0),
        MemberDef::at("head", head, 8),
        MemberDef::at("root", root, 24),
    ];
    let graph = record(&mut b, "graph", 48, members)?;
    for (component, value) in [(1, "contains:node:l"), (2, "contains:node:r")] {
        let value = value.to_owned();
        b.push(&TypeDef::DeclTag { value, target: graph, component: Some(component) })?;
    }
    let members = vec![MemberDef::at("a", long, 0), MemberDef::at("b", long, 8)];
    let pair = record(&mut b, "pair", 16, members)?;
    let pair_ptr = b.push(&TypeDef::Ptr { target: pair })?;
    let mut func = |name: &str, linkage, ret, params: &[(&str, TypeId)]| -> Made {
        let params = params.iter().map(|(name, ty)| ParamDef { name: (*name).into(), ty: *ty });
        let proto = b.push(&TypeDef::FuncProto { ret, params: params.collect() })?;
        b.push(&TypeDef::Func { name: name.into(), proto, linkage })
    };
    let types = Types {
        main: func("main", Linkage::Static, int, &[("ctx", long)])?,
        callback: func("callback", Linkage::Static, int, &[("a", long), ("b", long)])?,
        sub: func("sub", Linkage::Static, int, &[("a", long), ("b", long)])?,
        global: func("global", Linkage::Global, int, &[("a", int), ("b", long)])?,
        global_mem: func("global_mem", Linkage::Global, int, &[("p", pair_ptr)])?,
        pair,
        node,
    };
    let values = Values { int, locked, timer, kptr, graph, plain: pair };
    let btf = Btf::parse(&b.finish()?).map_err(|_| skep_btf::WriteError("what skep reads"))?;
    Ok((btf, types, values))
}
