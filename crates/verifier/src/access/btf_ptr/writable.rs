//! The few fields of kernel objects that programs of some types may write (`btf_struct_access` of their operations).

use skep_abi::ProgType;
use skep_btf::{Btf, Kind, TypeId};

use super::ObjectReadOnly;
use crate::diag::{Step, Stop, rejections};
use crate::env::Env;
use crate::state::{Payload, RegState};

rejections! {
    /// A field of a kernel object is written that programs of this type may not write.
    FieldReadOnly("object-field-read-only", EACCES, help: "write only the fields that the operations let programs write") {
        name: String, off: u32,
    } => "no write support to {name} at off {off}";

    /// The write goes beyond a field that may be written.
    BeyondWritable("object-beyond-writable-field", EACCES, help: "write one field at a time") {
        off: u32, size: u32, name: String, end: u64,
    } => "write access at off {off} with size {size} beyond the member of {name} ended at {end}";

    /// A field of a task is written that schedulers may not write.
    TaskReadOnly("object-task-read-only", EACCES, help: "schedulers may write scx.slice, scx.dsq_vtime and scx.disallow") {
    } => "";
}

/// A struct of which some fields may be written, by programs that implement some operations.
struct Writable {
    /// The operations, or none for packet programs.
    ops: &'static str,
    /// The struct.
    object: &'static str,
    /// The fields: struct that the path starts from, and the path.
    fields: &'static [(&'static str, &'static str)],
}

/// `bpf_tcp_ca_btf_struct_access`, `bpf_qdisc_btf_struct_access`, `bpf_scx_btf_struct_access`.
static WRITABLE: &[Writable] = &[
    Writable {
        ops: "tcp_congestion_ops",
        object: "tcp_sock",
        fields: &[
            ("sock", "sk_pacing_rate"),
            ("sock", "sk_pacing_status"),
            ("inet_connection_sock", "icsk_ca_priv"),
            ("inet_connection_sock", "icsk_ack.pending"),
            ("tcp_sock", "snd_cwnd"),
            ("tcp_sock", "snd_cwnd_cnt"),
            ("tcp_sock", "snd_cwnd_stamp"),
            ("tcp_sock", "snd_ssthresh"),
            ("tcp_sock", "ecn_flags"),
            ("tcp_sock", "app_limited"),
        ],
    },
    Writable {
        ops: "Qdisc_ops",
        object: "sk_buff",
        fields: &[("sk_buff", "tstamp"), ("bpf_sk_buff_ptr", "cb")],
    },
    Writable {
        ops: "Qdisc_ops",
        object: "Qdisc",
        fields: &[("Qdisc", "limit"), ("Qdisc", "q.qlen"), ("Qdisc", "qstats")],
    },
    Writable {
        ops: "sched_ext_ops",
        object: "task_struct",
        fields: &[
            ("task_struct", "scx.slice"),
            ("task_struct", "scx.dsq_vtime"),
            ("task_struct", "scx.disallow"),
        ],
    },
];

/// Checks a write to an object of the kernel's.
pub(super) fn check(env: &Env<'_>, reg: &RegState, off: u32, size: u32) -> Step {
    let Payload::Btf { local: false, id } = reg.payload else {
        return Err(ObjectReadOnly {}.into());
    };
    match env.prog.prog_type {
        ProgType::SchedCls | ProgType::SchedAct | ProgType::Xdp => conntrack(env, id, off, size),
        ProgType::StructOps => struct_ops(env, id, off, size),
        _ => Err(ObjectReadOnly {}.into()),
    }
}

/// The mark of a connection (`_nf_conntrack_btf_struct_access`).
fn conntrack(env: &Env<'_>, id: TypeId, off: u32, size: u32) -> Step {
    let btf = env.kernel.btf;
    if !matches!(btf.name(id), "nf_conn" | "nf_conn___init") {
        return Err(ObjectReadOnly {}.into());
    }
    // As a module, connection tracking allows nothing until it is loaded.
    if btf.find("_nf_conntrack_btf_struct_access", Kind::Func).is_none() {
        return Stop::unsupported("writes to struct nf_conn, which may be a module's");
    }
    let name = || "nf_conn".to_owned();
    match field_at(btf, "nf_conn", "mark") {
        Some((start, end)) if start == u64::from(off) => {
            if u64::from(off) + u64::from(size) > end {
                return Err(BeyondWritable { off, size, name: name(), end }.into());
            }
            Ok(())
        }
        _ => Err(FieldReadOnly { name: name(), off }.into()),
    }
}

fn struct_ops(env: &Env<'_>, id: TypeId, off: u32, size: u32) -> Step {
    let btf = env.kernel.btf;
    let ops = env.prog.attach_btf_id.map_or("", |ops| btf.name(ops));
    let object = btf.name(id);
    if ops == "bpf_dummy_ops" {
        return dummy(btf, id, off, size);
    }
    let mut known = WRITABLE.iter().filter(|writable| writable.ops == ops).peekable();
    if known.peek().is_none() {
        return match ops {
            "hid_bpf_ops" => Stop::unsupported("writes to objects of hid_bpf_ops"),
            _ => Err(ObjectReadOnly {}.into()),
        };
    }
    let Some(writable) = known.find(|writable| writable.object == object) else {
        return Err(no_field(ops, ObjectReadOnly {}.into()));
    };
    let later = |path: &str| matches!(path, "app_limited" | "snd_cwnd_stamp");
    let fields = writable
        .fields
        .iter()
        .filter(|(_, path)| !later(path) || env.features.writes_more_of_tcp_socks());
    let field = { fields }.find_map(|(strukt, path)| {
        let (start, end) = field_at(btf, strukt, path)?;
        (start..end).contains(&u64::from(off)).then_some(end)
    });
    let name = || object.to_owned();
    match field {
        None => Err(no_field(ops, FieldReadOnly { name: name(), off }.into())),
        Some(end) if u64::from(off) + u64::from(size) > end => {
            Err(no_field(ops, BeyondWritable { off, size, name: name(), end }.into()))
        }
        Some(_) => Ok(()),
    }
}

/// The scheduler's operations refuse without a word.
fn no_field(ops: &str, stop: Box<Stop>) -> Box<Stop> {
    if ops == "sched_ext_ops" { TaskReadOnly {}.into() } else { stop }
}

fn field_at(btf: &Btf, strukt: &str, path: &str) -> Option<(u64, u64)> {
    let strukt = btf.find(strukt, Kind::Struct)?;
    let field = btf.field(strukt, path).ok()?;
    Some((field.byte_offset(), field.byte_offset() + btf.size_of(field.ty)?))
}

/// The state of `bpf_dummy_ops`, for tests.
fn dummy(btf: &Btf, id: TypeId, off: u32, size: u32) -> Step {
    if btf.name(id) != "bpf_dummy_ops_state" {
        return Err(ObjectReadOnly {}.into());
    }
    let end = btf.size_of(id).unwrap_or(0);
    if u64::from(off) + u64::from(size) > end {
        let name = btf.name(id).to_owned();
        return Err(BeyondWritable { off, size, name, end }.into());
    }
    Ok(())
}
