"""Reads small pieces of C++ and looks at what is counted and reported."""
import unittest

import classes


def read(**files):
    return classes.classes_of({f"lib/a/{name.replace('_cpp', '.cpp').replace('_hpp', '.hpp')}": text for name, text in files.items()})


def only(text):
    (one,) = read(x_hpp=text).values()
    return one


class Counting(unittest.TestCase):
    def members(self, text, count):
        self.assertEqual(len(only(f"class A {{ {text} }};").members), count, text)

    def methods(self, text, *names):
        one = only(f"class A {{ {text} }};")
        self.assertEqual(one.methods, set(names), text)
        self.assertEqual(one.members, [], text)

    def test_members(self):
        self.members("int a; std::string b;", 2)
        self.members("size_t begin_ = 0, end_ = 0;", 2)
        self.members("Fd fd_{-1}; int n{}; std::array<int, 3> list{1, 2, 3};", 3)
        self.members("std::map<std::pair<int, int>, std::function<void(int, int)>> m_, n_;", 2)
        self.members("std::function<void()> f_ = [] { int x; return; };", 1)
        self.members("void (*read)(int a, int b) = nullptr;", 1)
        self.members("alignas(64) std::atomic<int> n_{0}; mutable std::mutex m_; const int c_; int& r_;", 4)
        self.members("[[maybe_unused]] int a; char text[20]; unsigned bits : 3;", 3)
        self.members("enum class State { one, two } state = State::one;", 1)
        self.members("bool a = 1 < 2, b = f<int, int>();", 2)
        self.members("char c = '{'; const char* s = \"};\"; // int no;\n /* int no; */ int yes;", 3)

    def test_what_is_no_state(self):
        self.members("static constexpr int kMost = 3; static int count; using T = int; typedef int I;", 0)
        self.members("enum class E { a, b }; friend class B; class C; struct D; static_assert(sizeof(int) == 4);", 0)
        self.members("public: private: protected:", 0)
        self.members("bool operator==(const A&) const = default; A& operator=(A&&) noexcept; int operator()(int) const;", 0)

    def test_methods(self):
        self.methods("void f(); int g() const { return 1; } virtual void h() = 0; void i() noexcept override {}", "f", "g", "h", "i")
        self.methods("A(); explicit A(int); ~A(); A(const A&) = delete; operator bool() const;")
        self.methods("A() : x_(1), y_{2}, z_(f([] { return 3; })) { if (x_) {} } void f();", "f")
        self.methods("template <class T> std::map<T, int> f(T t = {}, int n = 3) requires Big<T>; [[nodiscard]] auto g() -> int;", "f", "g")
        self.methods("void f(int); void f(char);", "f")
        self.methods("std::function<void()> f(std::function<int(int)> g); static A make();", "f", "make")

    def test_nested_classes_stand_alone(self):
        found = read(x_hpp="namespace n { class A { struct B { int x; void f(); }; B b_; struct { int y; } c_; }; }")
        self.assertEqual(len(found["n::A"].members), 2)
        self.assertEqual((len(found["n::A::B"].members), found["n::A::B"].methods), (1, {"f"}))

    def test_what_surrounds_classes(self):
        found = read(x_hpp='#define X {\nextern "C" { struct C { int a; }; }\nnamespace a::b { template <class T> class D final : public E<T> '
                           '{ T t; }; int f() { struct { int no; } x; return 1; } constexpr int k[] = {1, 2}; }\nclass Z { int z; };')
        self.assertEqual({name: len(c.members) for name, c in found.items()}, {"C": 1, "a::b::D": 1, "Z": 1})

    def test_homes(self):
        found = read(x_hpp="namespace n { class A { void f(); void g(); A(); struct B { void h(); }; }; void free(); }",
                     x_cpp="namespace n { A::A() : b_{} {} void A::f() {} void free() { A::f(); } }",
                     y_cpp="namespace n { Result<std::pair<int, int>> A::g() { return {}; } void A::B::h() {} }")
        self.assertEqual(found["n::A"].homes, {"lib/a/x.cpp", "lib/a/y.cpp"})
        self.assertEqual(found["n::A::B"].homes, {"lib/a/y.cpp"})
        unlike = read(x_cpp="namespace { class A { void f() {} }; }", y_cpp="namespace { class A { void g() {} }; }")
        self.assertEqual(len(unlike), 2)


class Reporting(unittest.TestCase):
    def complaints(self, larger=None, **files):
        return list(classes.complaints(read(**files), larger or {}))

    many_members = "class A {" + "".join(f"int m{i};" for i in range(16)) + "void f(); void g(); void h(); %s };"
    many_methods = "class A {" + "".join(f"void f{i}();" for i in range(21)) + "};"

    def test_too_large(self):
        self.assertIn("A: 16 data members, 4 methods", self.complaints(x_hpp=self.many_members % "void i();")[0])
        self.assertIn("A: 0 data members, 21 methods", self.complaints(x_hpp=self.many_methods)[0])
        self.assertEqual(self.complaints(x_hpp=self.many_members % ""), [], "a record may be large")
        self.assertEqual(self.complaints({"A": "because"}, x_hpp=self.many_methods), [])

    def test_spread(self):
        files = {"x_hpp": "class A { void f(); void g(); };", "x_cpp": "void A::f() {}", "y_cpp": "void A::g() {}"}
        self.assertEqual(self.complaints(**files), ["A is defined in lib/a/x.cpp, lib/a/y.cpp: one class, one file pair"])

    def test_reasons_that_are_no_longer_needed(self):
        self.assertIn("take it off", self.complaints({"A": "because"}, x_hpp="class A {};")[0])


if __name__ == "__main__":
    unittest.main()
