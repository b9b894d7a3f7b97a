//! `postroom secret-key`: one secret key takes the place of another.

use postroom::node;

use crate::cli::{Shell, text};

#[tokio::test]
async fn a_secret_key_takes_the_place_of_another_without_a_moment_in_which_nothing_opens() {
    let shell = Shell::on_an_install();
    let mark = async || node::open(&shell.config()).await.unwrap().secrets.key_digest("x");
    let before = mark().await;
    let listed = shell.json(&["secret-key", "list"]);
    let old = text(&listed[0], "id");
    let new = shell.json(&["secret-key", "add", "--key-file", "new.key"]);
    let new = text(&new, "id");
    let listed = shell.run(&["secret-key", "list"]).expect(0);
    let rows: Vec<_> = listed.table()[1..].iter().map(|row| (row[0], row[2])).collect();
    assert_eq!(rows.iter().find(|row| row.0 == old), Some(&(old, "true")));
    assert_eq!(rows.iter().find(|row| row.0 == new), Some(&(new, "false")));
    assert_eq!(mark().await, before);

    let refused = shell.run(&["secret-key", "remove", old]).expect(1);
    assert!(refused.err.contains("configure another one first"), "{}", refused.err);
    let command = format!("cat {}", shell.path().join("new.key").display());
    let again = shell.run(&["secret-key", "add", "--key-command", &command]).expect(1);
    assert!(again.err.contains("opens this database already"), "{}", again.err);
    shell.run(&["secret-key", "add"]).expect(2);
    shell.run(&["secret-key", "remove", "it"]).expect(2);

    let configured = format!("[secrets]\nkey_command = \"{command}\"\n");
    std::fs::write(shell.path().join("postroom.toml"), configured).unwrap();
    shell.run(&["secret-key", "remove", old]).expect(0);
    assert_eq!(mark().await, before);
    std::fs::remove_file(shell.path().join("postroom.toml")).unwrap();
    let locked = shell.run(&["doctor"]).expect(11);
    assert!(locked.out.contains(&format!("which opens with {new}")), "{}", locked.out);
    let refused = shell.run(&["key", "list", "--partner", "acme"]).expect(1);
    assert!(refused.err.contains("does not open this database"), "{}", refused.err);
}

#[test]
fn an_install_that_lost_its_secret_key_says_which_and_makes_no_other() {
    let shell = Shell::on_an_install();
    let listed = shell.json(&["secret-key", "list"]);
    let id = text(&listed[0], "id");
    let path = shell.path().join("postroom-data/secret.key");
    std::fs::remove_file(&path).unwrap();
    for command in [&["serve"][..], &["secret-key", "remove", id], &["audit", "verify"]] {
        let refused = shell.run(command).expect(1);
        assert!(refused.err.contains(&format!("opens with {id}")), "{}", refused.err);
    }
    let found = shell.run(&["doctor"]).expect(11);
    assert!(found.out.contains(&format!("opens with {id}")), "{}", found.out);
    let listed = shell.json(&["secret-key", "list"]);
    assert_eq!((text(&listed[0], "id"), &listed[0]["is_configured"]), (id, &false.into()));
    assert!(!path.exists(), "it made another");
}
