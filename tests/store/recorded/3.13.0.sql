BEGIN TRANSACTION;
CREATE TABLE alembic_version_auth (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_auth_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version_auth" VALUES('f1a2b3c4d5e6');
CREATE TABLE experiment_permissions (
	id INTEGER NOT NULL, 
	experiment_id VARCHAR(255) NOT NULL, 
	user_id INTEGER NOT NULL, 
	permission VARCHAR(255), 
	PRIMARY KEY (id), 
	CONSTRAINT fk_user_id FOREIGN KEY(user_id) REFERENCES users (id), 
	CONSTRAINT unique_experiment_user UNIQUE (experiment_id, user_id)
);
CREATE TABLE gateway_endpoint_permissions (
	id INTEGER NOT NULL, 
	endpoint_id VARCHAR(255) NOT NULL, 
	user_id INTEGER NOT NULL, 
	permission VARCHAR(255), 
	PRIMARY KEY (id), 
	CONSTRAINT fk_gateway_endpoint_perm_user_id FOREIGN KEY(user_id) REFERENCES users (id), 
	CONSTRAINT unique_endpoint_user UNIQUE (endpoint_id, user_id)
);
CREATE TABLE gateway_model_definition_permissions (
	id INTEGER NOT NULL, 
	model_definition_id VARCHAR(255) NOT NULL, 
	user_id INTEGER NOT NULL, 
	permission VARCHAR(255), 
	PRIMARY KEY (id), 
	CONSTRAINT fk_gateway_model_def_perm_user_id FOREIGN KEY(user_id) REFERENCES users (id), 
	CONSTRAINT unique_model_def_user UNIQUE (model_definition_id, user_id)
);
CREATE TABLE gateway_secret_permissions (
	id INTEGER NOT NULL, 
	secret_id VARCHAR(255) NOT NULL, 
	user_id INTEGER NOT NULL, 
	permission VARCHAR(255), 
	PRIMARY KEY (id), 
	CONSTRAINT fk_gateway_secret_perm_user_id FOREIGN KEY(user_id) REFERENCES users (id), 
	CONSTRAINT unique_secret_user UNIQUE (secret_id, user_id)
);
CREATE TABLE "registered_model_permissions" (
	id INTEGER NOT NULL, 
	name VARCHAR(255) NOT NULL, 
	user_id INTEGER NOT NULL, 
	permission VARCHAR(255), 
	workspace VARCHAR(63) DEFAULT 'default' NOT NULL, 
	PRIMARY KEY (id), 
	CONSTRAINT fk_user_id FOREIGN KEY(user_id) REFERENCES users (id), 
	CONSTRAINT unique_workspace_name_user UNIQUE (workspace, name, user_id)
);
CREATE TABLE role_permissions (
	id INTEGER NOT NULL, 
	role_id INTEGER NOT NULL, 
	resource_type VARCHAR(64) NOT NULL, 
	resource_pattern VARCHAR(255) NOT NULL, 
	permission VARCHAR(255) NOT NULL, 
	PRIMARY KEY (id), 
	CONSTRAINT unique_role_resource_perm UNIQUE (role_id, resource_type, resource_pattern), 
	FOREIGN KEY(role_id) REFERENCES roles (id)
);
INSERT INTO "role_permissions" VALUES(1,1,'experiment','1','MANAGE');
INSERT INTO "role_permissions" VALUES(2,1,'experiment','2','READ');
INSERT INTO "role_permissions" VALUES(3,1,'experiment','3','USE');
INSERT INTO "role_permissions" VALUES(4,1,'experiment','*','READ');
INSERT INTO "role_permissions" VALUES(5,1,'registered_model','churn','EDIT');
INSERT INTO "role_permissions" VALUES(6,1,'registered_model','größer/大きい 100%','MANAGE');
INSERT INTO "role_permissions" VALUES(7,1,'prompt','greeting','EDIT');
INSERT INTO "role_permissions" VALUES(8,1,'scorer','1/is%20it%2Fgood','EDIT');
INSERT INTO "role_permissions" VALUES(9,1,'gateway_secret','s-1','USE');
INSERT INTO "role_permissions" VALUES(10,1,'gateway_endpoint','e-1','MANAGE');
INSERT INTO "role_permissions" VALUES(11,1,'gateway_model_definition','d-1','READ');
INSERT INTO "role_permissions" VALUES(12,2,'experiment','1','EDIT');
INSERT INTO "role_permissions" VALUES(13,3,'registered_model','churn','MANAGE');
INSERT INTO "role_permissions" VALUES(14,4,'registered_model','churn','MANAGE');
INSERT INTO "role_permissions" VALUES(15,5,'registered_model','fraud','READ');
INSERT INTO "role_permissions" VALUES(16,1,'workspace','*','USE');
INSERT INTO "role_permissions" VALUES(17,5,'workspace','*','MANAGE');
INSERT INTO "role_permissions" VALUES(18,6,'experiment','*','READ');
INSERT INTO "role_permissions" VALUES(19,6,'registered_model','größer/大きい 100%','EDIT');
INSERT INTO "role_permissions" VALUES(20,6,'scorer','1/is it/good','MANAGE');
INSERT INTO "role_permissions" VALUES(21,7,'experiment','*','MANAGE');
INSERT INTO "role_permissions" VALUES(22,8,'workspace','*','MANAGE');
INSERT INTO "role_permissions" VALUES(23,10,'experiment','1','EDIT');
CREATE TABLE roles (
	id INTEGER NOT NULL, 
	name VARCHAR(255) NOT NULL, 
	workspace VARCHAR(63) NOT NULL, 
	description VARCHAR(1024), 
	PRIMARY KEY (id), 
	CONSTRAINT unique_workspace_role_name UNIQUE (workspace, name)
);
INSERT INTO "roles" VALUES(1,'__user_2__','default',NULL);
INSERT INTO "roles" VALUES(2,'__user_3__','default',NULL);
INSERT INTO "roles" VALUES(3,'__user_4__','default',NULL);
INSERT INTO "roles" VALUES(4,'__user_2__','elsewhere',NULL);
INSERT INTO "roles" VALUES(5,'__user_3__','elsewhere',NULL);
INSERT INTO "roles" VALUES(6,'readers','default','May look');
INSERT INTO "roles" VALUES(7,'readers','elsewhere',NULL);
INSERT INTO "roles" VALUES(8,'stewards','default',NULL);
INSERT INTO "roles" VALUES(9,'outcasts','default',NULL);
INSERT INTO "roles" VALUES(10,'spare','default','');
CREATE TABLE scorer_permissions (
	id INTEGER NOT NULL, 
	experiment_id VARCHAR(255) NOT NULL, 
	scorer_name VARCHAR(256) NOT NULL, 
	user_id INTEGER NOT NULL, 
	permission VARCHAR(255), 
	PRIMARY KEY (id), 
	CONSTRAINT fk_scorer_perm_user_id FOREIGN KEY(user_id) REFERENCES users (id), 
	CONSTRAINT unique_scorer_user UNIQUE (experiment_id, scorer_name, user_id)
);
CREATE TABLE user_role_assignments (
	id INTEGER NOT NULL, 
	user_id INTEGER NOT NULL, 
	role_id INTEGER NOT NULL, 
	PRIMARY KEY (id), 
	CONSTRAINT unique_user_role UNIQUE (user_id, role_id), 
	FOREIGN KEY(user_id) REFERENCES users (id), 
	FOREIGN KEY(role_id) REFERENCES roles (id)
);
INSERT INTO "user_role_assignments" VALUES(1,2,1);
INSERT INTO "user_role_assignments" VALUES(2,3,2);
INSERT INTO "user_role_assignments" VALUES(3,4,3);
INSERT INTO "user_role_assignments" VALUES(4,2,4);
INSERT INTO "user_role_assignments" VALUES(5,3,5);
INSERT INTO "user_role_assignments" VALUES(6,2,6);
INSERT INTO "user_role_assignments" VALUES(7,5,6);
INSERT INTO "user_role_assignments" VALUES(8,5,7);
INSERT INTO "user_role_assignments" VALUES(9,4,8);
INSERT INTO "user_role_assignments" VALUES(10,5,9);
CREATE TABLE users (
	id INTEGER NOT NULL, 
	username VARCHAR(255), 
	password_hash VARCHAR(255), 
	is_admin BOOLEAN, 
	PRIMARY KEY (id), 
	UNIQUE (username)
);
INSERT INTO "users" VALUES(1,'admin','scrypt:32768:8:1$ToujqsljAHSaFSLU$2a3bf54e3e2567aff2d475fdc5cd54eaaf5398576b33513ca46126b2c5e61868a13202f90a3eac7540c65654d69ebc66166ecbfdca12cdb73db9e79b9a10583f',1);
INSERT INTO "users" VALUES(2,'alice','scrypt:32768:8:1$BZS0373mAGMSMsch$beed2df8d74ce049807d460deb0746055bee8ef852d8be657a974a487bf808d75725c67b0512bcf90c1d56be85a3a6c5a4c88bbf12fe3ee7fbfcebfcee312761',0);
INSERT INTO "users" VALUES(3,'o''brien','scrypt:32768:8:1$uAnUWPUbUzcNVWiW$04a313a34c1f052c276a87cebc067a47894f99c21d84824bf7284e2eb6e10e6862cae770600bc58dd07a1aa2c4b83a680644836ac91d06babf84845fc794e861',0);
INSERT INTO "users" VALUES(4,'zoë','scrypt:32768:8:1$VYt0d1uOS9QyJFW8$8a1557616fab12afff9687fb88dc4d21f6170874327d8f4e3c748c5a4bd607fb0bd329925e2f73d498dc3a019a4878f268c82a1936949b5ac101a0d13f54e583',1);
INSERT INTO "users" VALUES(5,'bob','scrypt:32768:8:1$09BEeeubXt4JRHYU$ba53392d3393814d0d6dcf4eff926c54f2c596a53cb64f55615c7cdaca0d5b32aacf9c6c867e8ec506358a27527bff3ddc6bb4627d20afe636c0adf24a18c096',0);
INSERT INTO "users" VALUES(6,'eve','scrypt:32768:8:1$h8T4GAieFi4HJMDD$dbdb6cd83c09d057ac1c79d90afae77a5bd6068b5b7c4267a81eb4cb6ba63cdd94b65cc71bd7a1f219ba8e2b95c5a1a301d8f83633e48ebb04336cbbc16845ef',0);
CREATE TABLE workspace_permissions (
	workspace VARCHAR(63) NOT NULL, 
	user_id INTEGER NOT NULL, 
	permission VARCHAR(32) NOT NULL, 
	CONSTRAINT workspace_permissions_pk PRIMARY KEY (workspace, user_id), 
	FOREIGN KEY(user_id) REFERENCES users (id)
);
CREATE INDEX idx_workspace_permissions_user_id ON workspace_permissions (user_id);
CREATE INDEX idx_workspace_permissions_workspace ON workspace_permissions (workspace);
CREATE INDEX idx_roles_workspace ON roles (workspace);
CREATE INDEX idx_role_permissions_role_id ON role_permissions (role_id);
CREATE INDEX idx_user_role_assignments_user_id ON user_role_assignments (user_id);
CREATE INDEX idx_user_role_assignments_role_id ON user_role_assignments (role_id);
COMMIT;
