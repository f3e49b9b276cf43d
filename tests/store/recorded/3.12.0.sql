BEGIN TRANSACTION;
CREATE TABLE alembic_version_auth (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_auth_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version_auth" VALUES('c3d4e5f6a7b8');
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
INSERT INTO "experiment_permissions" VALUES(3,'3',2,'USE');
INSERT INTO "experiment_permissions" VALUES(4,'1',3,'EDIT');
INSERT INTO "experiment_permissions" VALUES(5,'2',3,'NO_PERMISSIONS');
CREATE TABLE gateway_endpoint_permissions (
	id INTEGER NOT NULL, 
	endpoint_id VARCHAR(255) NOT NULL, 
	user_id INTEGER NOT NULL, 
	permission VARCHAR(255), 
	PRIMARY KEY (id), 
	CONSTRAINT fk_gateway_endpoint_perm_user_id FOREIGN KEY(user_id) REFERENCES users (id), 
	CONSTRAINT unique_endpoint_user UNIQUE (endpoint_id, user_id)
);
INSERT INTO "gateway_endpoint_permissions" VALUES(1,'e-1',2,'MANAGE');
CREATE TABLE gateway_model_definition_permissions (
	id INTEGER NOT NULL, 
	model_definition_id VARCHAR(255) NOT NULL, 
	user_id INTEGER NOT NULL, 
	permission VARCHAR(255), 
	PRIMARY KEY (id), 
	CONSTRAINT fk_gateway_model_def_perm_user_id FOREIGN KEY(user_id) REFERENCES users (id), 
	CONSTRAINT unique_model_def_user UNIQUE (model_definition_id, user_id)
);
INSERT INTO "gateway_model_definition_permissions" VALUES(1,'d-1',2,'READ');
CREATE TABLE gateway_secret_permissions (
	id INTEGER NOT NULL, 
	secret_id VARCHAR(255) NOT NULL, 
	user_id INTEGER NOT NULL, 
	permission VARCHAR(255), 
	PRIMARY KEY (id), 
	CONSTRAINT fk_gateway_secret_perm_user_id FOREIGN KEY(user_id) REFERENCES users (id), 
	CONSTRAINT unique_secret_user UNIQUE (secret_id, user_id)
);
INSERT INTO "gateway_secret_permissions" VALUES(1,'s-1',2,'USE');
INSERT INTO "gateway_secret_permissions" VALUES(2,'s-1',3,'NO_PERMISSIONS');
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
INSERT INTO "registered_model_permissions" VALUES(1,'churn',2,'EDIT','default');
INSERT INTO "registered_model_permissions" VALUES(2,'größer/大きい 100%',2,'MANAGE','default');
INSERT INTO "registered_model_permissions" VALUES(3,'churn',3,'NO_PERMISSIONS','default');
INSERT INTO "registered_model_permissions" VALUES(4,'churn',4,'MANAGE','default');
INSERT INTO "registered_model_permissions" VALUES(5,'churn',2,'MANAGE','elsewhere');
INSERT INTO "registered_model_permissions" VALUES(6,'fraud',3,'READ','elsewhere');
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
INSERT INTO "role_permissions" VALUES(1,1,'experiment','*','READ');
INSERT INTO "role_permissions" VALUES(2,1,'registered_model','größer/大きい 100%','EDIT');
INSERT INTO "role_permissions" VALUES(3,1,'scorer','1/is it/good','MANAGE');
INSERT INTO "role_permissions" VALUES(4,2,'experiment','*','MANAGE');
INSERT INTO "role_permissions" VALUES(5,3,'workspace','*','MANAGE');
INSERT INTO "role_permissions" VALUES(6,4,'experiment','2','NO_PERMISSIONS');
INSERT INTO "role_permissions" VALUES(7,4,'registered_model','churn','NO_PERMISSIONS');
INSERT INTO "role_permissions" VALUES(8,5,'experiment','1','EDIT');
CREATE TABLE roles (
	id INTEGER NOT NULL, 
	name VARCHAR(255) NOT NULL, 
	workspace VARCHAR(63) NOT NULL, 
	description VARCHAR(1024), 
	PRIMARY KEY (id), 
	CONSTRAINT unique_workspace_role_name UNIQUE (workspace, name)
);
INSERT INTO "roles" VALUES(1,'readers','default','May look');
INSERT INTO "roles" VALUES(2,'readers','elsewhere',NULL);
INSERT INTO "roles" VALUES(3,'stewards','default',NULL);
INSERT INTO "roles" VALUES(4,'outcasts','default',NULL);
INSERT INTO "roles" VALUES(5,'spare','default','');
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
INSERT INTO "scorer_permissions" VALUES(1,'1','is it/good',2,'EDIT');
INSERT INTO "scorer_permissions" VALUES(2,'1','plain',3,'NO_PERMISSIONS');
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
INSERT INTO "user_role_assignments" VALUES(2,5,1);
INSERT INTO "user_role_assignments" VALUES(3,5,2);
INSERT INTO "user_role_assignments" VALUES(4,4,3);
INSERT INTO "user_role_assignments" VALUES(5,5,4);
CREATE TABLE users (
	id INTEGER NOT NULL, 
	username VARCHAR(255), 
	password_hash VARCHAR(255), 
	is_admin BOOLEAN, 
	PRIMARY KEY (id), 
	UNIQUE (username)
);
INSERT INTO "users" VALUES(1,'admin','scrypt:32768:8:1$vubZyIaCCgQKUeZP$d4576d49b01406179a04373a7178a8b4f7c7f57076e19fbe69a6cc8ebb0b57a98427221f4e1b338f2845d0f53243299de107100b80b917976ea35a91d14c1544',1);
INSERT INTO "users" VALUES(2,'alice','scrypt:32768:8:1$Hj8QhhD8hTrKGM96$b1bb3c94f2332c2aef536321ac53e6f1927c33d89d45ea10c6219a07809ff35322b2521697161c758585ea68fa6ba0e2685aba412cf972a20709bfdeb029d810',0);
INSERT INTO "users" VALUES(3,'o''brien','scrypt:32768:8:1$3IOQK1BNZsmYiNQq$79b1cd1c565be3ef76a5e21164e5487991b03d975361efa6b3cc2061ee013df67f7da8dafe26ae702dee9e75444d7dc88aca74e016770a5cfae5ccdf47c6b450',0);
INSERT INTO "users" VALUES(4,'zoë','scrypt:32768:8:1$RvGph8wGsi9qoGzZ$fce8777757e6617dfab6638895de0bfb574c496613cc392227f9657d338af2601e6bdc7ebc851e7aa20771fce4f99296c60c224d87a4d9f4a6a94ec8da1e0604',1);
INSERT INTO "users" VALUES(5,'bob','scrypt:32768:8:1$I1q0ZbMblbpjCa4W$38a09b2cc06ea58eab9daeb430d2f10ce55e6b4d3c863246cd7298a12170092f421988208560d0f6391a173dfc24c14e1c6aa7dee2db5e28b6b152c93306f9fa',0);
INSERT INTO "users" VALUES(6,'eve','scrypt:32768:8:1$jRSVh7uZbgFG4h3D$1ace8003b07140c917fa67223e177a8d958f2c0ee8717e06a01042c326d2b2354e49ea53f4c12d5ae018d508e219b0d49b14ccb7698217e3d4417f186a480c43',0);
CREATE TABLE workspace_permissions (
	workspace VARCHAR(63) NOT NULL, 
	user_id INTEGER NOT NULL, 
	permission VARCHAR(32) NOT NULL, 
	CONSTRAINT workspace_permissions_pk PRIMARY KEY (workspace, user_id), 
	FOREIGN KEY(user_id) REFERENCES users (id)
);
INSERT INTO "workspace_permissions" VALUES('default',2,'USE');
INSERT INTO "workspace_permissions" VALUES('default',3,'READ');
INSERT INTO "workspace_permissions" VALUES('elsewhere',3,'MANAGE');
INSERT INTO "workspace_permissions" VALUES('default',4,'EDIT');
INSERT INTO "workspace_permissions" VALUES('elsewhere',5,'NO_PERMISSIONS');
CREATE INDEX idx_workspace_permissions_user_id ON workspace_permissions (user_id);
CREATE INDEX idx_workspace_permissions_workspace ON workspace_permissions (workspace);
CREATE INDEX idx_roles_workspace ON roles (workspace);
CREATE INDEX idx_role_permissions_role_id ON role_permissions (role_id);
CREATE INDEX idx_user_role_assignments_user_id ON user_role_assignments (user_id);
CREATE INDEX idx_user_role_assignments_role_id ON user_role_assignments (role_id);
COMMIT;
