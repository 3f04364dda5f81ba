//! Types of a test: its structs, with special members, and its functions.
//!
//! `; struct node 48: ln bpf_list_node 0, d int 24` declares one; members are a name, a type and an offset. Types are
//! `int`, `u64`, a struct of the kernel's that has a meaning of its own, `kptr:task_struct` (and `untrusted:`,
//! `percpu:`) or a root such as `list_of:node.ln` and `tree_of:node.rn`.

use skep_btf::{Btf, BtfBuilder, Linkage, MemberDef, TypeDef, TypeId};

/// Structs that the kernel knows by name, and how many eight-byte words they have; 0 for four bytes.
const KNOWN: [(&str, u32); 10] = [
    ("bpf_spin_lock", 0),
    ("bpf_res_spin_lock", 0),
    ("bpf_refcount", 0),
    ("bpf_list_head", 2),
    ("bpf_list_node", 3),
    ("bpf_rb_root", 2),
    ("bpf_rb_node", 4),
    ("bpf_timer", 2),
    ("bpf_wq", 2),
    ("bpf_task_work", 1),
];

/// The structs of a test.
#[derive(Clone, Debug, Default)]
pub(crate) struct Types {
    structs: Vec<Struct>,
}

#[derive(Clone, Debug)]
struct Struct {
    name: String,
    size: u32,
    members: Vec<(String, String, u32)>,
}

/// Types as the kernel and skep take them.
#[derive(Debug)]
pub(crate) struct Built {
    pub(crate) btf: Btf,
    structs: Vec<(String, TypeId)>,
    /// `FUNC` of each function.
    pub(crate) functions: Vec<u32>,
}

impl Built {
    /// `int`.
    pub(crate) const INT: TypeId = TypeId(1);

    /// The struct of this name.
    pub(crate) fn of(&self, name: &str) -> TypeId {
        match self.structs.iter().find(|(known, _)| known == name) {
            Some((_, id)) => *id,
            None => panic!("no struct is called `{name}`"),
        }
    }
}

impl Types {
    /// Reads a line of the head, after `struct `.
    pub(crate) fn declare(&mut self, head: &str, members: &str) {
        let (name, size) = head.split_once(' ').expect("a struct has a name and a size");
        let members = members.split(", ").map(|member| {
            let mut words = member.split(' ').map(str::to_owned);
            let mut word = || words.next().expect("a member has a name, a type and an offset");
            let (name, ty, off) = (word(), word(), word());
            (name, ty, off.parse().expect("an offset"))
        });
        let size = size.parse().expect("a size");
        let members = members.collect();
        self.structs.push(Struct { name: name.to_owned(), size, members });
    }

    /// Builds them, and functions that begin at these insns: each is static but the first, takes nothing as far as
    /// its type says, and returns `int`.
    pub(crate) fn build(&self, functions: &[u32]) -> Built {
        let mut out = Writer { builder: BtfBuilder::new(), structs: Vec::new() };
        out.push(&TypeDef::int("int", 4, true));
        let long = out.push(&TypeDef::int("u64", 8, false));
        for Struct { name, size, members } in &self.structs {
            let mut tags = Vec::new();
            let members: Vec<MemberDef> = members
                .iter()
                .zip(0..)
                .map(|((member, ty, off), at)| {
                    let id = match ty.split_once(':') {
                        None if ty == "int" => Built::INT,
                        None if ty == "u64" => long,
                        None => out.known(ty, long),
                        Some(("list_of", node)) => {
                            tags.push((at, node.replace('.', ":")));
                            out.known("bpf_list_head", long)
                        }
                        Some(("tree_of", node)) => {
                            tags.push((at, node.replace('.', ":")));
                            out.known("bpf_rb_root", long)
                        }
                        Some((kind, target)) => out.kptr(kind, target),
                    };
                    MemberDef::at(member, id, *off)
                })
                .collect();
            let id = out.push(&TypeDef::Struct { name: name.clone(), size: *size, members });
            out.structs.push((name.clone(), id));
            for (at, node) in tags {
                let value = format!("contains:{node}");
                out.push(&TypeDef::DeclTag { value, target: id, component: Some(at) });
            }
        }
        let proto = out.push(&TypeDef::FuncProto { ret: Built::INT, params: Vec::new() });
        let functions = functions.iter().map(|start| {
            let linkage = if *start == 0 { Linkage::Global } else { Linkage::Static };
            out.push(&TypeDef::Func { name: format!("f{start}"), proto, linkage }).0
        });
        let functions = functions.collect();
        let bytes = out.builder.finish().expect("types of a test");
        let btf = Btf::parse(&bytes).expect("types of a test");
        Built { btf, structs: out.structs, functions }
    }
}

struct Writer {
    builder: BtfBuilder,
    structs: Vec<(String, TypeId)>,
}

impl Writer {
    fn push(&mut self, def: &TypeDef) -> TypeId {
        self.builder.push(def).expect("a type of a test")
    }

    fn known(&mut self, name: &str, long: TypeId) -> TypeId {
        if let Some((_, id)) = self.structs.iter().find(|(known, _)| known == name) {
            return *id;
        }
        let words = KNOWN.iter().find(|(known, _)| *known == name).map_or(0, |(_, words)| *words);
        let size = if words == 0 { 4 } else { 8 * words };
        let members = match words {
            0 => vec![MemberDef::at("val", Built::INT, 0)],
            _ => (0..words).map(|at| MemberDef::at(&format!("w{at}"), long, 8 * at)).collect(),
        };
        let id = self.push(&TypeDef::Struct { name: name.to_owned(), size, members });
        self.structs.push((name.to_owned(), id));
        id
    }

    fn kptr(&mut self, kind: &str, target: &str) -> TypeId {
        // A struct of the kernel's is known by its name; what it holds does not matter.
        let target = self.known(target, TypeId::VOID);
        let value = match kind {
            "kptr" => "kptr",
            "untrusted" => "kptr_untrusted",
            "percpu" => "percpu_kptr",
            other => panic!("no pointer is called `{other}`"),
        };
        let value = value.to_owned();
        let target = self.push(&TypeDef::TypeTag { value, target, is_attribute: false });
        self.push(&TypeDef::Ptr { target })
    }
}
