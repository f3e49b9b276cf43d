BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('8606fa83a998');
CREATE TABLE experiment_permissions (
	id INTEGER NOT NULL, 
	experiment_id VARCHAR(255) NOT NULL, 
	user_id INTEGER NOT NULL, 
	permission VARCHAR(255), 
	PRIMARY KEY (id), 
	CONSTRAINT fk_user_id FOREIGN KEY(user_id) REFERENCES users (id), 
	CONSTRAINT unique_experiment_user UNIQUE (experiment_id, user_id)
);
INSERT INTO "experiment_permissions" VALUES(1,'1',2,'MANAGE');
INSERT INTO "experiment_permissions" VALUES(2,'2',2,'READ');
INSERT INTO "experiment_permissions" VALUES(3,'1',3,'EDIT');
INSERT INTO "experiment_permissions" VALUES(4,'2',3,'NO_PERMISSIONS');
CREATE TABLE registered_model_permissions (
	id INTEGER NOT NULL, 
	name VARCHAR(255) NOT NULL, 
	user_id INTEGER NOT NULL, 
	permission VARCHAR(255), 
	PRIMARY KEY (id), 
	CONSTRAINT fk_user_id FOREIGN KEY(user_id) REFERENCES users (id), 
	CONSTRAINT unique_name_user UNIQUE (name, user_id)
);
INSERT INTO "registered_model_permissions" VALUES(1,'churn',2,'EDIT');
INSERT INTO "registered_model_permissions" VALUES(2,'größer/大きい 100%',2,'MANAGE');
INSERT INTO "registered_model_permissions" VALUES(3,'churn',3,'NO_PERMISSIONS');
INSERT INTO "registered_model_permissions" VALUES(4,'churn',4,'MANAGE');
CREATE TABLE users (
	id INTEGER NOT NULL, 
	username VARCHAR(255), 
	password_hash VARCHAR(255), 
	is_admin BOOLEAN, 
	PRIMARY KEY (id), 
	UNIQUE (username)
);
INSERT INTO "users" VALUES(1,'admin','scrypt:32768:8:1$xyTaDDHfsVdpJeYM$11d0212bc7a5fc40bb3e7c5e45aa3288e87e2ae98168341fff305333e71cd59af93f0d6eab37e03073faab38c36f15f315978c17062f91628cf5642190a5a1c2',1);
INSERT INTO "users" VALUES(2,'alice','scrypt:32768:8:1$URFUCKx0QmQL3lb7$ee9a02a01b3cc4a51244a3ca4c567b8eec35f768a80ccfa8c805c2302a5fe6a1668ed0f67c42d9735085fca1e07d522d543eb9c18efe00ea3dfeb03ee65247e9',0);
INSERT INTO "users" VALUES(3,'o''brien','scrypt:32768:8:1$BKcW3vktkSXKBDJK$56416983ffc0f69690e406be8502dfba2a4cd932185ab64b6542869ef5bfba1fdf5eaeb6f9e0cf98a9213bbf8a81fedee283e77fdc3c6f4b47cef599c890c9a1',0);
INSERT INTO "users" VALUES(4,'zoë','scrypt:32768:8:1$PQY6nwgNImjc086p$6434e6b9079c3c2f15d7a13c7f2f1eba0758cd5f6d5f1feb3d89a10d9c372c2cfd403e2887e9ba44ea9f88b840436a39d92cc16e935e20db76a5ffc8bf4cf90d',1);
INSERT INTO "users" VALUES(5,'bob','scrypt:32768:8:1$ch5BOmr6g0RJgLib$06a89afddb97991ea564fafea22a92eb8e24f43fb1c48702b61580b74ba80f01789caa144c3337842233d67ae8322094bb72cdced61b614f427f98e74da61b8b',0);
INSERT INTO "users" VALUES(6,'eve','scrypt:32768:8:1$RNGdrMSG6kQRm4Oq$58281f7d52802346e617f7b948e6b91872f05cb6ab5806878279b8c919be310cd01e1b4119a6fc6f2933f5b1205492bf069c1651609e35dc479f9f3e0b09ac81',0);
COMMIT;
