//! Process ids that are given out again.

mod machine {
    use herder_testkit::PidNamespace;

    #[test]
    #[ignore = "needs pid namespaces; the suite `machine` runs it"]
    fn an_id_is_given_out_again() {
        let namespace = PidNamespace::new();
        namespace.stranger(4711);
        assert!(namespace.has_stranger(4711) && !namespace.has_stranger(1));
        namespace.kill(&[4711]);
        assert!(!namespace.has_stranger(4711));
        namespace.stranger(4711);
        assert!(namespace.has_stranger(4711));
    }
}
