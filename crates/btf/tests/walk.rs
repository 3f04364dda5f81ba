//! Names in C, fields by path, tags, sizes.

#![allow(clippy::unwrap_used, reason = "tests panic where they fail")]

use skep_btf::{Btf, BtfBuilder, FieldError, Kind, Linkage, MemberDef, ParamDef, TypeDef, TypeId};

/// A struct with a bit of everything, and what it needs.
fn sample() -> Btf {
    let mut builder = BtfBuilder::new();
    let mut push = |def: TypeDef| builder.push(&def).unwrap();
    let text = |name: &str| name.to_owned();
    let int = push(TypeDef::int("int", 4, true));
    let char = push(TypeDef::int("char", 1, true));
    let comm = push(TypeDef::Array { element: char, index: int, len: 16 });
    let fwd = push(TypeDef::Fwd { name: text("mm"), is_union: false });
    let const_mm = push(TypeDef::Const { target: fwd });
    let mm = push(TypeDef::Ptr { target: const_mm });
    let const_ptr = push(TypeDef::Const { target: mm });
    let rest = push(TypeDef::Ptr { target: TypeId::VOID });
    let params = vec![
        ParamDef { name: text("ctx"), ty: rest },
        ParamDef { name: text(""), ty: TypeId::VOID },
    ];
    let proto = push(TypeDef::FuncProto { ret: int, params });
    let callback = push(TypeDef::Ptr { target: proto });
    let table = push(TypeDef::Array { element: callback, index: int, len: 2 });
    let table_ptr = push(TypeDef::Ptr { target: table });
    let pid = push(TypeDef::Typedef { name: text("pid_t"), target: int });
    let inner = push(TypeDef::Struct {
        name: text(""),
        size: 8,
        members: vec![MemberDef::at("tgid", pid, 0), MemberDef::at("pid", pid, 4)],
    });
    let union = push(TypeDef::Union {
        name: text(""),
        size: 8,
        members: vec![MemberDef::at("raw", rest, 0), MemberDef::at("", inner, 0)],
    });
    let pair = push(TypeDef::Array { element: inner, index: int, len: 3 });
    let tag = push(TypeDef::TypeTag { value: text("rcu"), target: fwd, is_attribute: false });
    let tagged = push(TypeDef::Ptr { target: tag });
    let bit = |name: &str, bit_offset, bitfield| MemberDef {
        name: text(name),
        ty: int,
        bit_offset,
        bitfield,
    };
    let members = vec![
        MemberDef::at("", union, 0),
        MemberDef::at("comm", comm, 8),
        MemberDef::at("mm", const_ptr, 24),
        MemberDef::at("table", table_ptr, 32),
        MemberDef::at("pair", pair, 40),
        bit("flag", 512, 3),
        MemberDef::at("owner", tagged, 72),
    ];
    let task = push(TypeDef::Struct { name: text("task"), size: 80, members });
    push(TypeDef::Func { name: text("run"), proto, linkage: Linkage::Static });
    push(TypeDef::Var { name: text("current"), target: task, linkage: Linkage::Extern });
    push(TypeDef::DeclTag { value: text("kptr"), target: task, component: Some(2) });
    Btf::parse(&builder.finish().unwrap()).unwrap()
}

#[test]
fn types_print_as_c_writes_them() {
    let btf = sample();
    let task = btf.find("task", Kind::Struct).unwrap();
    let expected = "struct task {\n\
        \tunion {\n\t\tvoid *raw;\n\t\tstruct {\n\t\t\tpid_t tgid;\n\t\t\tpid_t pid;\n\t\t};\n\t};\n\
        \tchar comm[16];\n\
        \tconst struct mm *const mm;\n\
        \tint (*(*table)[2])(void *ctx, ...);\n\
        \tstruct {\n\t\tpid_t tgid;\n\t\tpid_t pid;\n\t} pair[3];\n\
        \tint flag: 3;\n\
        \tstruct mm __attribute__((btf_type_tag(\"rcu\"))) *owner;\n};";
    assert_eq!(btf.definition(task), expected);
    assert_eq!(btf.type_name(task), "struct task");
    let run = btf.find("run", Kind::Func).unwrap();
    assert_eq!(btf.definition(run), "static int run(void *ctx, ...);");
    assert_eq!(
        btf.definition(btf.find("current", Kind::Var).unwrap()),
        "extern struct task current;"
    );
    assert_eq!(btf.definition(btf.find("pid_t", Kind::Typedef).unwrap()), "typedef int pid_t;");
    let name = |member| btf.type_name(btf.member(task, member).unwrap().ty);
    assert_eq!((&*name("comm"), &*name("mm")), ("char[16]", "const struct mm *const"));
    assert_eq!(name("table"), "int (*(*)[2])(void *ctx, ...)");
}

#[test]
fn fields_are_found_by_path() {
    let btf = sample();
    let task = btf.find("task", Kind::Struct).unwrap();
    let at = |path| {
        let field = btf.field(task, path).unwrap();
        (field.bit_offset, field.bitfield, btf.type_name(field.ty))
    };
    assert_eq!(at("raw"), (0, 0, "void *".to_owned()));
    assert_eq!(at("pid"), (32, 0, "pid_t".to_owned()));
    assert_eq!(at("comm[3]"), (88, 0, "char".to_owned()));
    assert_eq!(at("pair[2].pid"), ((40 + 16 + 4) * 8, 0, "pid_t".to_owned()));
    assert_eq!(at("flag"), (512, 3, "int".to_owned()));
}

#[test]
fn paths_that_lead_nowhere_say_where_they_stop() {
    let btf = sample();
    let task = btf.find("task", Kind::Struct).unwrap();
    let error = |path| btf.field(task, path).unwrap_err().to_string();
    assert_eq!(error("nothing"), "struct task has no member `nothing`");
    assert_eq!(error("comm[16]"), "char[16] has no element 16");
    assert_eq!(error("pid[0]"), "pid_t has no element 0");
    let through_pointer =
        "const struct mm *const is neither a struct nor a union, so it has no member `owner`";
    assert_eq!(error("mm.owner"), through_pointer);
    for path in ["", ".", "raw..b", "[1]", "comm[1", "comm[1]x"] {
        assert!(matches!(btf.field(task, path), Err(FieldError::BadPath(_))), "{path}");
    }
}

#[test]
fn tags_sizes_and_alignments_are_looked_up() {
    let btf = sample();
    let task = btf.find("task", Kind::Struct).unwrap();
    assert_eq!(btf.decl_tags(task, Some(2)).collect::<Vec<_>>(), ["kptr"]);
    assert_eq!(btf.decl_tags(task, None).count(), 0);
    let owner = btf.member(task, "owner").unwrap().ty;
    let pointee = btf.ty(owner).target().unwrap();
    assert_eq!(btf.type_tags(pointee), ["rcu"]);
    assert_eq!((btf.size_of(task), btf.align_of(task)), (Some(80), Some(8)));
    let comm = btf.member(task, "comm").unwrap().ty;
    assert_eq!((btf.size_of(comm), btf.align_of(comm)), (Some(16), Some(1)));
    assert_eq!(
        (btf.size_of(TypeId::VOID), btf.size_of(btf.find("mm", Kind::Fwd).unwrap())),
        (None, None)
    );
}

#[test]
fn a_struct_whose_members_are_out_of_line_is_packed() {
    let mut builder = BtfBuilder::new();
    let long = builder.push(&TypeDef::int("long", 8, true)).unwrap();
    let char = builder.push(&TypeDef::int("char", 1, true)).unwrap();
    let members = vec![MemberDef::at("c", char, 0), MemberDef::at("l", long, 1)];
    let packed = builder.push(&TypeDef::Struct { name: "p".to_owned(), size: 9, members }).unwrap();
    let btf = Btf::parse(&builder.finish().unwrap()).unwrap();
    assert_eq!(btf.align_of(packed), Some(1));
}

#[test]
fn names_lose_their_flavour_only_where_one_is() {
    let essential = skep_btf::essential_name;
    assert_eq!(essential("task_struct___v2"), "task_struct");
    assert_eq!(essential("a___b___c"), "a___b");
    assert_eq!(essential("a____b"), "a____b");
    assert_eq!(essential("___b"), "___b");
    assert_eq!(essential("a___"), "a___");
    assert_eq!(essential(""), "");
}
